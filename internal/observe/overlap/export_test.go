package overlap

// Busy is a filter as it works where so much comes that flows are only remembered
// where they have to be.
func Busy() *Filter {
	f := New(Config{})
	f.free = 0
	return f
}

// Ranked is how often the views were ranked.
func (f *Filter) Ranked() int { return f.rankings }
