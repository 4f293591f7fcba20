package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// SignatureHeader bears "sha256=" and the hexadecimal HMAC-SHA256 of the body
// under the configured secret.
const SignatureHeader = "X-Downpour-Signature"

// timeout is how long a receiver may take for one message.
const timeout = 10 * time.Second

// newClient returns a client that goes only where it was told to: no redirects,
// no proxy of the environment's choosing for other hosts.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConns: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: timeout},
	}
}

// webhook posts messages as JSON.
type webhook struct {
	url    *url.URL
	secret []byte // nil: messages are not signed
	client *http.Client
}

func (w *webhook) send(ctx context.Context, i *item) error {
	header := http.Header{"X-Downpour-Id": {i.ID}, "X-Downpour-Event": {string(i.Event)}}
	if len(w.secret) > 0 {
		mac := hmac.New(sha256.New, w.secret)
		mac.Write(i.Body)
		header.Set(SignatureHeader, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return post(ctx, w.client, w.url, header, i.Body)
}

// post sends JSON. A URL's path may be a secret, so errors name the host only.
func post(ctx context.Context, client *http.Client, to *url.URL, header http.Header, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return refusal{fmt.Errorf("post to %s: it is no address to post to", to.Host)}
	}
	r.Header = header
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Downpour")
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("post to %s: %w", to.Host, bare(err))
	}
	defer answer.Body.Close()
	says, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10)) // for the connection to be used again, and to tell
	return answered(answer, to, says)
}

// bare takes the URL off an error of the client.
func bare(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the client returns no other
		return e.Err
	}
	return err
}

// answered turns an answer into an error, or nil where all is well.
func answered(answer *http.Response, to *url.URL, says []byte) error {
	code := answer.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	err := fmt.Errorf("post to %s: it answers %s", to.Host, answer.Status)
	if text := oneLine(string(says)); text != "" {
		err = fmt.Errorf("%w (%s)", err, text)
	}
	switch {
	case code >= 300 && code < 400:
		return refusal{fmt.Errorf("%w; redirects are not followed: configure the address that it leads to", err)}
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500:
		return err
	}
	return refusal{err}
}

// oneLine cuts what a receiver says to a line for a log.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c < ' ' || c == ' ' || c == 0x7f }), " ")
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ToValidUTF8(s, "?")
}
