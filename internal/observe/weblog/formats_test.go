package weblog

import (
	"reflect"
	"testing"
	"time"

	"downpour"
)

func at(s string) int64 {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UnixNano()
}

func address(s string) downpour.Address {
	a, ok := parseAddress([]byte(s))
	if !ok {
		panic(s)
	}
	return a
}

// lines of each format as their servers write them, with what they say. Those of
// AWS, Envoy and Traefik are the examples of their documentation.
func TestFormats(t *testing.T) {
	for _, c := range []struct {
		name, line, format string
		want               downpour.Request
	}{
		{"apache common", `127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326`, Combined,
			downpour.Request{Time: at("2000-10-10T20:55:36Z"), Client: address("127.0.0.1"), Method: "GET", Path: "/apache_pb.gif", Status: 200, Bytes: 2326}},
		{"nginx combined", `203.0.113.9 - - [23/Nov/2026:21:00:01 +0000] "GET /a/b?token=1&x=2 HTTP/1.1" 404 153 "-" "curl/8.5.0"`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("203.0.113.9"), Method: "GET", Path: "/a/b", Status: 404, Bytes: 153, Agent: "curl/8.5.0", Referred: downpour.No}},
		{"ipv6 and a user with a space", `2001:db8::1 - John Doe [23/Nov/2026:21:00:01 +0100] "POST /x HTTP/2.0" 200 - "https://www.example.com/" "Mozilla/5.0 (X11; Linux x86_64)"`, Combined,
			downpour.Request{Time: at("2026-11-23T20:00:01Z"), Client: address("2001:db8::1"), Method: "POST", Path: "/x", Status: 200, Agent: "Mozilla/5.0 (X11; Linux x86_64)", Referred: downpour.Yes}},
		{"vhost_combined", `WWW.Example.COM:443 198.51.100.7 - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 45 "-" "a \"quoted\" agent"`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("198.51.100.7"), Host: "www.example.com", Method: "GET", Path: "/", Status: 200, Bytes: 45, Agent: `a "quoted" agent`, Referred: downpour.No}},
		{"a host that is an address", `192.0.2.1 198.51.100.7 - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 45`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("198.51.100.7"), Host: "192.0.2.1", Method: "GET", Path: "/", Status: 200, Bytes: 45}},
		{"request time and forwarded appended", `10.0.0.1 - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 45 "-" "x" "198.51.100.3, 10.0.0.9" 0.123 0.120`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("198.51.100.3"), Method: "GET", Path: "/", Status: 200, Bytes: 45, Agent: "x", Referred: downpour.No, Duration: 123000}},
		{"named values appended", `192.0.2.1 - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 45 "-" "x" rt=0.004 uct="0.000" host=shop.example.com`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("192.0.2.1"), Host: "shop.example.com", Method: "GET", Path: "/", Status: 200, Bytes: 45, Agent: "x", Referred: downpour.No, Duration: 4000}},
		{"traefik clf", `192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET /whoami HTTP/1.1" 200 341 "-" "curl/8" 12 "whoami@docker" "http://172.18.0.3:80" 7ms`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("192.0.2.7"), Method: "GET", Path: "/whoami", Status: 200, Bytes: 341, Agent: "curl/8", Referred: downpour.No, Duration: 7000}},
		{"bytes of a TLS handshake", `192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "\x16\x03\x01\x02\x00" 400 157 "-" "-"`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("192.0.2.7"), Status: 400, Bytes: 157, Referred: downpour.No}},
		{"no request", `192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "-" 408 0 "-" "-"`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("192.0.2.7"), Status: 408, Referred: downpour.No}},
		{"a quote as nginx escapes it", `192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET /\x22a\x22/\xD0\x9F HTTP/1.1" 200 1 "-" "-"`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("192.0.2.7"), Method: "GET", Path: "/\"a\"/П", Status: 200, Bytes: 1, Referred: downpour.No}},
		{"a proxy's request", `192.0.2.7 - - [23/Nov/2026:21:00:01 +0000] "GET http://evil.example:8080/x?y HTTP/1.1" 403 1`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("192.0.2.7"), Host: "evil.example", Method: "GET", Path: "/x", Status: 403, Bytes: 1}},
		{"iso time in brackets", `192.0.2.7 - - [2026-11-23T21:00:01+02:00] "GET / HTTP/1.1" 200 1 "-" "-"`, Combined,
			downpour.Request{Time: at("2026-11-23T19:00:01Z"), Client: address("192.0.2.7"), Method: "GET", Path: "/", Status: 200, Bytes: 1, Referred: downpour.No}},
		{"nginx over a unix socket", `unix: - - [23/Nov/2026:21:00:01 +0000] "GET / HTTP/1.1" 200 1 "-" "-" "203.0.113.77"`, Combined,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("127.0.0.1"), Method: "GET", Path: "/", Status: 200, Bytes: 1, Referred: downpour.No}},

		{"alb https", `https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/a?b=c HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_123456`, ALB,
			downpour.Request{Time: at("2018-07-02T22:23:00.186641Z"), Client: address("192.168.131.39"), Host: "www.example.com", Method: "GET", Path: "/a", Status: 200, Bytes: 57, Agent: "curl/7.46.0", Duration: 171000}},
		{"alb without target", `http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 [2001:db8::5]:2817 - -1 -1 -1 502 - 0 366 "GET http://www.example.com:80/ HTTP/1.1" "-" - - arn "Root=1" "-" "-" 0 2018-11-30T22:22:48.364000Z "forward" "-" "LambdaInvalidResponse" "-" "-" "-" "-"`, ALB,
			downpour.Request{Time: at("2018-11-30T22:23:00.186641Z"), Client: address("2001:db8::5"), Host: "www.example.com", Method: "GET", Path: "/", Status: 502, Bytes: 366}},
		{"classic balancer", `2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -`, ALB,
			downpour.Request{Time: at("2015-05-13T23:39:43.945958Z"), Client: address("192.168.131.39"), Host: "www.example.com", Method: "GET", Path: "/", Status: 200, Bytes: 29, Agent: "curl/7.38.0", Duration: 1178}},

		{"nginx json", `{"time_local":"23/Nov/2026:21:00:01 +0000","remote_addr":"203.0.113.9","remote_user":"","request":"GET /a?b HTTP/1.1","status": "200","body_bytes_sent":"2326","request_time":"0.012","http_referer":"","http_user_agent":"say \"hi\"","http_host":"www.example.com:8443"}`, JSON,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("203.0.113.9"), Host: "www.example.com", Method: "GET", Path: "/a", Status: 200, Bytes: 2326, Agent: `say "hi"`, Duration: 12000}},
		{"caddy", `{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.1.1.1","remote_port":"41342","client_ip":"203.0.113.4","proto":"HTTP/2.0","method":"GET","host":"localhost:2015","uri":"/x?y","headers":{"User-Agent":["curl/7.82.0","x"],"Accept":["*/*"],"Accept-Encoding":["gzip, deflate, br"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"example.com"}},"bytes_read": 0,"user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"],"Content-Encoding":["gzip"]}}`, JSON,
			downpour.Request{Time: 1646861401524102400, Client: address("203.0.113.4"), Host: "localhost", Method: "GET", Path: "/x", Status: 200, Bytes: 10900, Agent: "curl/7.82.0", Duration: 930}},
		{"traefik json", `{"ClientAddr":"192.0.2.5:54321","ClientHost":"192.0.2.5","ClientPort":"54321","ClientUsername":"-","DownstreamContentSize":341,"DownstreamStatus":200,"Duration":1234567,"OriginDuration":1000000,"RequestAddr":"whoami.example.com","RequestHost":"whoami.example.com","RequestMethod":"GET","RequestPath":"/","RequestProtocol":"HTTP/1.1","StartLocal":"2026-11-23T22:00:01.5+01:00","StartUTC":"2026-11-23T21:00:01.5Z","entryPointName":"web","level":"info","msg":"","request_User-Agent":"curl/8","time":"2026-11-23T21:00:02Z"}`, JSON,
			downpour.Request{Time: at("2026-11-23T21:00:01.5Z"), Client: address("192.0.2.5"), Host: "whoami.example.com", Method: "GET", Path: "/", Status: 200, Bytes: 341, Agent: "curl/8", Duration: 1235}},
		{"istio json", `{"authority":"httpbin:8000","bytes_received":0,"bytes_sent":135,"connection_termination_details":null,"downstream_local_address":"10.44.1.27:80","downstream_remote_address":"10.44.1.23:37652","duration":1,"method":"GET","path":"/status/418","protocol":"HTTP/1.1","request_id":"79bb7969-08c3-9a05-b2d6-9e4d4ee4ab8e","response_code":418,"response_flags":"-","start_time":"2020-11-25T21:26:18.409Z","upstream_service_time":"1","user_agent":"curl/7.73.0-DEV","x_forwarded_for":null}`, JSON,
			downpour.Request{Time: at("2020-11-25T21:26:18.409Z"), Client: address("10.44.1.23"), Host: "httpbin", Method: "GET", Path: "/status/418", Status: 418, Bytes: 135, Agent: "curl/7.73.0-DEV", Duration: 1000}},
		{"ecs", `{"@timestamp":"2026-11-23T21:00:01.000Z","source":{"ip":"192.0.2.5"},"http":{"request":{"method":"PUT"},"response":{"status_code":201,"bytes":5}},"url":{"path":"/a","domain":"example.com"},"user_agent":{"original":"x"},"event":{"duration":5000000}}`, JSON,
			downpour.Request{Time: at("2026-11-23T21:00:01Z"), Client: address("192.0.2.5"), Host: "example.com", Method: "PUT", Path: "/a", Status: 201, Bytes: 5, Agent: "x", Duration: 5000}},

		{"envoy text", `[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "tcp://10.0.2.1:80"`, Envoy,
			downpour.Request{Time: at("2016-04-15T20:17:00.310Z"), Client: address("10.0.35.28"), Host: "locations", Method: "POST", Path: "/api/v1/locations", Status: 204, Agent: "nsq2http", Duration: 226000}},
		{"istio text", `[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" "curl/7.73.0-DEV" "84961386-6d84-929d-98bd-c5aee93b5c88" "httpbin:8000" "127.0.0.1:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 10.44.1.23:37652 outbound_.8000_._.httpbin.foo.svc.cluster.local default`, Envoy,
			downpour.Request{Time: at("2020-11-25T21:26:18.409Z"), Client: address("10.44.1.23"), Host: "httpbin", Method: "GET", Path: "/status/418", Status: 418, Bytes: 135, Agent: "curl/7.73.0-DEV", Duration: 4000}},
	} {
		for _, format := range []string{Auto, c.format} {
			t.Run(c.name+" as "+format, func(t *testing.T) {
				opt := Options{Format: format}
				if c.want.Client == address("198.51.100.3") {
					opt.Trusted = prefixes("10.0.0.0/8")
				}
				d, err := NewDecoder(opt)
				if err != nil {
					t.Fatal(err)
				}
				var got downpour.Request
				if !d.Decode([]byte(c.line), &got) {
					t.Fatalf("not read: %+v", d.Account().Broken)
				}
				if !reflect.DeepEqual(got, c.want) {
					t.Errorf("got\n%+v\nwant\n%+v", got, c.want)
				}
				if f := d.Account().Format; f != c.format {
					t.Errorf("taken for %s, want %s", f, c.format)
				}
			})
		}
	}
}
