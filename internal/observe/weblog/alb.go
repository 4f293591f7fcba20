package weblog

// alb reads the access logs of AWS Application Load Balancers and of the classic
// ones, which lack the first word ("Access logs for your Application Load
// Balancer", Elastic Load Balancing user guide):
//
//	type time elb client:port target:port request_processing_time
//	target_processing_time response_processing_time elb_status_code
//	target_status_code received_bytes sent_bytes "request" "user_agent"
//	ssl_cipher ssl_protocol target_group_arn "trace_id" "domain_name" …
//
// The time is when the answer was given. A processing time of -1 was not
// measured.
func (d *Decoder) alb(line []byte, e *entry) reason {
	word, rest := nextWord(line)
	if isBalancerType(word) {
		word, rest = nextWord(rest)
	}
	if len(word) < 20 || word[4] != '-' || word[10] != 'T' {
		return unknownFormat
	}
	d.set(e, fieldTime, 0, word)
	_, rest = nextWord(rest)
	word, rest = nextWord(rest)
	d.set(e, fieldClient, 0, word)
	_, rest = nextWord(rest)
	total := 0.0
	for range 3 {
		word, rest = nextWord(rest)
		if s, ok := parseDecimal(word); ok {
			total += s
		}
	}
	if total > 0 {
		e.Duration = microseconds(total * seconds)
	}
	word, rest = nextWord(rest)
	d.set(e, fieldStatus, 0, word)
	for range 2 {
		_, rest = nextWord(rest)
	}
	word, rest = nextWord(rest)
	d.set(e, fieldBytes, 0, word)
	if len(rest) == 0 || rest[0] != '"' {
		return unknownFormat
	}
	return d.albRequest(rest[1:], e)
}

// albRequest reads from the request line on; the host that TLS named, if any, is
// in "domain_name", and the request's URL names the host that was asked for.
func (d *Decoder) albRequest(rest []byte, e *entry) reason {
	content, rest, ok := quoted(rest)
	if !ok {
		return cutShort
	}
	d.set(e, fieldRequest, 0, content)
	if rest = skipSpace(rest); len(rest) == 0 || rest[0] != '"' {
		return e.finish()
	}
	if content, _, ok = quoted(rest[1:]); !ok {
		if d.cut {
			return e.finish()
		}
		return cutShort
	}
	d.set(e, fieldAgent, 0, content)
	return e.finish()
}

// isBalancerType tells whether a word is the type of a listener.
func isBalancerType(w []byte) bool {
	switch text(w) {
	case "http", "https", "h2", "grpcs", "ws", "wss":
		return true
	}
	return false
}
