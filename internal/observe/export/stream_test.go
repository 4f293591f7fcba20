package export

import "testing"

// TestSequenceHalfARoundAway: a segment whose number is 2^31 away is one of the
// past, not a slice out of bounds.
func TestSequenceHalfARoundAway(t *testing.T) {
	message := ipfixMessage(1, 200)
	for _, distance := range []uint32{1 << 31, 1<<31 - 1, 1<<31 + 1} {
		s, at := &streams{}, &stream{next: 1}
		s.take(at, 1, message)
		s.take(at, at.next+distance, message)
		if at.next != 1+uint32(len(message)) {
			t.Errorf("%d away: %d is next", distance, at.next)
		}
	}
}
