package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"downpour"
	"downpour/internal/observe"

	"downpour/internal/testenv"
)

// read drains a source; it fails the test on any error but the end.
func read(t testing.TB, c *CSV) []downpour.ReportCount {
	t.Helper()
	var all []downpour.ReportCount
	var b observe.Batch
	for {
		err := c.Next(&b)
		if err == io.EOF {
			if len(b.Counts) != 0 {
				t.Fatal("the end came with rows")
			}
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Counts) > observe.BatchSize {
			t.Fatalf("batch of %d", len(b.Counts))
		}
		all = append(all, b.Counts...)
	}
}

// show writes rows and problems as text, to compare with what is expected.
func show(t testing.TB, c *CSV) string {
	var s strings.Builder
	for _, r := range read(t, c) {
		fmt.Fprintf(&s, "%s %s %s %g %s\n", r.Time.Format(time.RFC3339), r.Service, r.Bucket, r.Count, r.Origin)
	}
	for _, p := range c.Input().Problems {
		fmt.Fprintf(&s, "%d x%d %s\n", p.Offset, p.Count, p.Says)
	}
	return s.String()
}

func TestCSV(t *testing.T) {
	eastern, err := time.LoadLocation("America/New_York")
	if err != nil {
		testenv.Lack(t, "needs a time zone database: "+err.Error())
	}
	for _, tt := range []struct {
		name, in, want string
		opt            CSVOptions
	}{
		{"comments, offset, unknown bucket", "# said\n\nlocal_time,reports,said\n2025-03-10T06:00:00-04:00,20608,\"first, big\"\n# more\n2025-03-10T06:17:00-04:00,720,\n2025-03-10T10:02:00-04:00,41143,x\n",
			"2025-03-10T10:00:00Z example 0s 20608 published\n2025-03-10T10:17:00Z example 0s 720 published\n2025-03-10T14:02:00Z example 0s 41143 published\n", CSVOptions{}},
		{"most frequent gap", "time;count\r\n2025-01-01 00:00;1\r\n2025-01-01 00:05;2\r\n2025-01-01 00:10;3\r\n",
			"2025-01-01T00:00:00Z example 5m0s 1 published\n2025-01-01T00:05:00Z example 5m0s 2 published\n2025-01-01T00:10:00Z example 5m0s 3 published\n", CSVOptions{}},
		{"byte order mark, tab, T without zone, service column", "\ufefftime\tn\tplace\tService\n2025-01-01T00:00\t1.5\t\tshop\n2025-01-01T00:00:00\t2\t\t\n",
			"2025-01-01T00:00:00Z shop 1m0s 1.5 published\n2025-01-01T00:00:00Z web 1m0s 2 published\n", CSVOptions{Bucket: time.Minute, Service: "web"}},
		{"broken rows in a good file", "t,n\n2025-01-01 00:00:00,1\n2025-01-01 00:01:00,abc\nnoon,2\n2025-01-01 00:03:00,-4\n2025-01-01 00:03:30,NaN\nlonely\n2025-01-01 00:04:00,\n2025-01-01 00:05:00,1e3\n",
			"2025-01-01T00:00:00Z example 1m0s 1 published\n2025-01-01T00:05:00Z example 1m0s 1000 published\n" +
				"3 x4 count \"abc\" is not a number; the row was left out\n4 x1 time \"noon\" is neither RFC 3339 nor \"YYYY-MM-DD HH:MM:SS\"; the row was left out\n7 x1 the row has one column; give time and count; the row was left out\n", CSVOptions{Bucket: time.Minute}},
		{"out of order and repeated", "t,n\n2025-01-01 00:02:00,3\n2025-01-01 00:01:00,2\n2025-01-01 00:02:00,9\n",
			"2025-01-01T00:01:00Z example 1m0s 2 published\n2025-01-01T00:02:00Z example 1m0s 3 published\n" +
				"3 x1 a row lies before the one above it; the rows were sorted by time\n4 x1 a row repeats the time of another of its service; the first of them is kept\n", CSVOptions{}},
		{"no header", "2025-01-01 00:00:00,7\n", "2025-01-01T00:00:00Z example 0s 7 published\n1 x1 there is no header; the first line was read as a row\n", CSVOptions{}},
		{"open quote spoils one row", "t,n,x\n2025-01-01 00:00:00,1,\"open\n2025-01-01 00:01:00,2,ok\n",
			"2025-01-01T00:01:00Z example 0s 2 published\n2 x1 a quote is left open or stands inside a field; the row was left out\n", CSVOptions{}},
		{"quoted line break", "t,n,x\n2025-01-01 00:00:00,\"1\",\"two\nlines\"\n2025-01-01 00:01:00,2,ok\n",
			"2025-01-01T00:00:00Z example 1m0s 1 published\n2025-01-01T00:01:00Z example 1m0s 2 published\n", CSVOptions{}},
		{"clocks go back", "t,n\n2025-11-02 00:30:00,1\n2025-11-02 01:00:00,2\n2025-11-02 01:30:00,3\n2025-11-02 01:00:00,4\n2025-11-02 01:30:00,5\n2025-11-02 02:00:00,6\n",
			"2025-11-02T04:30:00Z example 30m0s 1 published\n2025-11-02T05:00:00Z example 30m0s 2 published\n2025-11-02T05:30:00Z example 30m0s 3 published\n" +
				"2025-11-02T06:00:00Z example 30m0s 4 published\n2025-11-02T06:30:00Z example 30m0s 5 published\n2025-11-02T07:00:00Z example 30m0s 6 published\n", CSVOptions{Location: eastern}},
		{"clocks go forward", "t,n\n2025-03-09 01:30:00,1\n2025-03-09 02:30:00,2\n", "2025-03-09T06:30:00Z example 0s 1 published\n" +
			"3 x1 time \"2025-03-09 02:30:00\" does not exist in America/New_York, where the clocks went forward; the row was left out\n", CSVOptions{Location: eastern}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := OpenCSV("reports.csv", strings.NewReader(tt.in), tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(t, c); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

func TestCSVErrors(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "reports.csv: no line with content; give a header and rows"},
		{"# only a comment\n\n", "reports.csv: no line with content"},
		{"time,reports\n", "reports.csv:1: a header and no rows; add rows of time and count"},
		{"time\n1\n", "reports.csv:1: the header has not two columns; give time and count"},
		{"# c\nt,n\n2025-01-01 00:00:00,abc\n", `reports.csv:3: count "abc" is not a number`},
		{"t,n\n2025-01-01 00:00:00,-1\n", `reports.csv:2: count "-1" is negative`},
		{"t,n\n2025-01-01 00:00:00,1e999\n", `reports.csv:2: count "1e999" is larger than 1e+15`},
		{"t,n\n0001-01-01 00:00:00,1\n", `reports.csv:2: time "0001-01-01 00:00:00" is not between the years 1900 and 2200`},
	} {
		_, err := OpenCSV("reports.csv", strings.NewReader(tt.in), CSVOptions{})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.in, err, tt.want)
		}
	}
	if _, err := OpenCSV("r", strings.NewReader("t,n\n"), CSVOptions{Bucket: -1}); err == nil {
		t.Error("a negative bucket was taken")
	}
	broken := errors.New("cable cut")
	if _, err := OpenCSV("r", iotest.ErrReader(broken), CSVOptions{}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	cut := io.MultiReader(strings.NewReader("t,n\n2025-01-01 00:00:00,5\n"), iotest.ErrReader(broken))
	c, err := OpenCSV("r", cut, CSVOptions{})
	if err != nil || c.Input().Records != 1 || len(c.Input().Problems) != 1 {
		t.Errorf("rows above the damage were not kept: %v", err)
	}
}

func TestCSVAccount(t *testing.T) {
	var in strings.Builder
	in.WriteString("t,n\n")
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	const n = 2*observe.BatchSize + 5
	for i := range n {
		fmt.Fprintf(&in, "%s,%d\n", start.Add(time.Duration(i)*time.Minute).Format(time.DateTime), i)
	}
	c, err := OpenCSV("big", strings.NewReader(in.String()), CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	input := c.Input()
	if input.Kind != "reports" || input.Records != n || input.Bytes != uint64(in.Len()) ||
		!input.Start.Equal(start) || !input.End.Equal(start.Add(n*time.Minute)) || len(input.Problems) != 0 {
		t.Errorf("got %+v", input)
	}
	if rows := read(t, c); len(rows) != n || rows[n-1].Count != n-1 {
		t.Errorf("got %d rows", len(rows))
	}
}

func TestIsCSV(t *testing.T) {
	for in, want := range map[string]bool{
		"# x\nlocal_time,reports\n2025-03-10T06:00:00-04:00,20608,a\n": true,
		"\ufefft;n\r\n2025-03-10 06:00;1\r\n":                          true,
		"time,reports\n":                                               true,
		"timestamp,value\n2015-02-26 21:42:53,104\n":                   true,
		"":                     false,
		"hello world\n":        false,
		"a,b\nc,d\ne,f\n":      false,
		"\xd4\xc3\xb2\xa1\x00": false,
		`192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 23` + "\n": false,
	} {
		if IsCSV([]byte(in)) != want {
			t.Errorf("%q: got %v", in, !want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "t,n\n2025-01-01 00:00:00,1\n", "\ufeffa;b\r\n2025-01-01T00:00;2\r\n", "# c\nt\tn\tservice\n2025-01-01T00:00:00Z\t3\tx\n",
		"t,n,x\n2025-01-01 00:00:00,1,\"open\n2025-01-01 00:01:00,2\n", "t,n\n2025-01-01 00:02:00,3\n2025-01-01 00:01:00,2\n", "2025-01-01,5\n,\n\"\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		IsCSV(in)
		c, err := OpenCSV("f", strings.NewReader(string(in)), CSVOptions{})
		if err != nil {
			return
		}
		rows := read(t, c)
		if len(rows) == 0 || uint64(len(rows)) != c.Input().Records {
			t.Fatalf("%d rows, said %d", len(rows), c.Input().Records)
		}
		for i, r := range rows {
			if !(r.Count >= 0 && r.Count <= maxCount) || r.Service == "" || i > 0 && r.Time.Before(rows[i-1].Time) {
				t.Fatalf("row %d: %+v", i, r)
			}
		}
	})
}

func BenchmarkOpenCSV(b *testing.B) {
	var in strings.Builder
	in.WriteString("t,n\n")
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 10000 {
		fmt.Fprintf(&in, "%s,%d\n", start.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), i)
	}
	b.SetBytes(int64(in.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := OpenCSV("b", strings.NewReader(in.String()), CSVOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
