package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"
)

// minTokenLength is that of 192 bits in base64: beyond any guessing, so failed
// sign-ins need no delay.
const minTokenLength = 32

// NewToken makes a random token of 256 bits, in base64 without padding, that
// may stand in an address.
func NewToken() string {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

type digest [sha256.Size]byte

// equal compares in constant time, and digests instead of tokens so that not
// even the length can be told.
func (d digest) equal(token string) bool {
	o := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(d[:], o[:]) == 1
}

// sessions are the operators that are signed in. Only digests of the cookies
// are held, so a copy of the memory signs nobody in; a restart ends all.
type sessions struct {
	life  time.Duration
	limit int
	now   func() time.Time

	mu   sync.Mutex
	ends map[digest]time.Time
}

func newSessions(l Limits, now func() time.Time) *sessions {
	return &sessions{life: l.Session, limit: l.Sessions, now: now, ends: make(map[digest]time.Time)}
}

// open begins a session and returns its cookie's value. The session that would
// end first gives way if there are too many.
func (s *sessions) open() string {
	id := NewToken()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ends) >= s.limit {
		delete(s.ends, s.oldest())
	}
	s.ends[sha256.Sum256([]byte(id))] = s.now().Add(s.life)
	return id
}

func (s *sessions) oldest() (d digest) {
	var first time.Time
	for k, end := range s.ends {
		if first.IsZero() || end.Before(first) {
			d, first = k, end
		}
	}
	return d
}

// valid tells whether a cookie's value is of a session that has not ended. The
// lookup is by digest, so its timing tells nothing of the value.
func (s *sessions) valid(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := digest(sha256.Sum256([]byte(id)))
	end, ok := s.ends[key]
	if ok && !s.now().Before(end) {
		delete(s.ends, key)
		return false
	}
	return ok
}

func (s *sessions) close(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ends, sha256.Sum256([]byte(id)))
}

// csrfToken is bound to the session and cannot be made without its cookie,
// which no script can read.
func csrfToken(id string) string {
	mac := hmac.New(sha256.New, []byte(id))
	mac.Write([]byte("csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func csrfValid(id, token string) bool {
	return hmac.Equal([]byte(csrfToken(id)), []byte(token))
}
