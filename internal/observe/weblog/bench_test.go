//go:build unix

package weblog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"downpour"
	"downpour/internal/observe"
)

// logOf writes n lines of a format, from many clients and to many paths, a
// thousand a second.
func logOf(format string, n int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for i := range n {
		client := fmt.Sprintf("%d.%d.%d.%d", 1+rng.IntN(220), rng.IntN(256), rng.IntN(256), rng.IntN(256))
		path := fmt.Sprintf("/catalog/item/%d?session=%x", rng.IntN(5000), rng.Uint64())
		status, size, s := 200+rng.IntN(4)*100, rng.IntN(100_000), i/1000%60
		const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
		switch format {
		case Combined:
			fmt.Fprintf(&b, "%s - - [23/Nov/2026:21:00:%02d +0000] \"GET %s HTTP/1.1\" %d %d \"https://www.example.com/\" \"%s\"\n", client, s, path, status, size, agent)
		case JSON:
			fmt.Fprintf(&b, `{"time_iso8601":"2026-11-23T21:00:%02d+00:00","remote_addr":"%s","remote_user":"","request":"GET %s HTTP/1.1","status":"%d","body_bytes_sent":"%d","request_time":"0.012","http_referer":"https://www.example.com/","http_user_agent":"%s","http_host":"www.example.com"}`+"\n", s, client, path, status, size, agent)
		case "caddy":
			fmt.Fprintf(&b, `{"level":"info","ts":17954640%02d.524,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"%s","remote_port":"41342","client_ip":"%s","proto":"HTTP/2.0","method":"GET","host":"www.example.com","uri":"%s","headers":{"User-Agent":["%s"],"Accept":["*/*"],"Accept-Encoding":["gzip, deflate, br"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"example.com"}},"bytes_read":0,"user_id":"","duration":0.000929675,"size":%d,"status":%d,"resp_headers":{"Server":["Caddy"],"Content-Encoding":["gzip"]}}`+"\n", s, client, client, path, agent, size, status)
		case ALB:
			fmt.Fprintf(&b, `https 2026-11-23T21:00:%02d.186641Z app/my-loadbalancer/50dc6c495c0c9188 %s:2817 10.0.0.1:80 0.086 0.048 0.037 %d %d 0 %d "GET https://www.example.com:443%s HTTP/1.1" "%s" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_123456`+"\n", s, client, status, status, size, path, agent)
		}
	}
	return b.Bytes()
}

// BenchmarkOpen reads whole logs, told by their content: lines, parsing, batches.
func BenchmarkOpen(b *testing.B) {
	const n = 50_000
	for _, format := range []string{Combined, JSON, "caddy", ALB} {
		b.Run(format, func(b *testing.B) {
			log := logOf(format, n)
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			var batch observe.Batch
			before := cpuTime(b)
			for b.Loop() {
				s, err := Open("log", bytes.NewReader(log), Options{})
				if err != nil {
					b.Fatal(err)
				}
				got := 0
				for {
					if err := s.Next(&batch); errors.Is(err, io.EOF) {
						break
					}
					got += len(batch.Requests)
				}
				if got != n {
					b.Fatalf("%d requests of %d: %+v", got, n, s.Input())
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/(cpuTime(b)-before).Seconds()/1e6, "Mlines/cpu-s")
		})
	}
}

// cpuTime is what the process has used of processors: on a busy machine the only
// measure that says something.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var use unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// TestNoAllocation holds that a line costs no memory.
func TestNoAllocation(t *testing.T) {
	for _, format := range []string{Combined, JSON, "caddy", ALB} {
		line, _, _ := strings.Cut(string(logOf(format, 1)), "\n")
		d := decoder(t, Options{})
		lines := make([][]byte, 101+lookFirst)
		for i := range lines {
			lines[i] = []byte(line)
		}
		var r downpour.Request
		i := 0
		for ; i < lookFirst; i++ {
			d.Decode(lines[i], &r)
		}
		if n := testing.AllocsPerRun(100, func() {
			if !d.Decode(lines[i], &r) {
				t.Fatal(d.Account().Broken)
			}
			i++
		}); n != 0 {
			t.Errorf("%s: %v allocations a line", format, n)
		}
	}
}

// BenchmarkStandardJSON is what the standard library takes for the same lines, only
// to fill a struct: why there is a scanner here.
func BenchmarkStandardJSON(b *testing.B) {
	const n = 5000
	for _, format := range []string{JSON, "caddy"} {
		b.Run(format, func(b *testing.B) {
			lines := bytes.Split(bytes.TrimSpace(logOf(format, n)), []byte("\n"))
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				for _, line := range lines {
					var into struct {
						Client  string `json:"remote_addr"`
						Time    string `json:"time_iso8601"`
						Request any    `json:"request"`
						Agent   string `json:"http_user_agent"`
					}
					if err := json.Unmarshal(line, &into); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/(cpuTime(b)-before).Seconds()/1e6, "Mlines/cpu-s")
		})
	}
}
