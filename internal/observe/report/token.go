package report

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"time"

	"downpour"
)

// tokenBytes of the HMAC make a token: 96 bits, 16 characters; enough that no two
// networks of a day share one.
const tokenBytes = 12

// tokens makes the tokens by which a stored report names its network: HMAC-SHA256
// (RFC 2104) of the network's prefix under a key that lives in memory for one day
// of event time, UTC. Who has the store but not the memory cannot tell which
// network it was, and nobody can tell that two days' tokens are of one network.
type tokens struct {
	random io.Reader
	mac    hash.Hash
	day    int64
}

// rotate draws a new key when a new day has begun. A report that comes late from
// the day before gets the new day's token: the old key is gone.
func (t *tokens) rotate(now int64) error {
	day := now / int64(24*time.Hour)
	if t.mac != nil && day <= t.day {
		return nil
	}
	var key [sha256.Size]byte
	if _, err := io.ReadFull(t.random, key[:]); err != nil {
		return fmt.Errorf("no randomness for the day's key: %w", err)
	}
	t.mac, t.day = hmac.New(sha256.New, key[:]), day
	clear(key[:])
	return nil
}

// of returns the token of the network that the address lies in, an IPv4 /24 or
// an IPv6 /48; none for the zero address.
func (t *tokens) of(a downpour.Address) string {
	if a == (downpour.Address{}) {
		return ""
	}
	four, six := scopePrefix(scopeNetwork)
	m := mask(a, four, six)
	var b [sha256.Size]byte
	binary.BigEndian.PutUint64(b[:8], m.Hi)
	binary.BigEndian.PutUint64(b[8:16], m.Lo)
	t.mac.Reset()
	t.mac.Write(b[:16])
	return base64.RawURLEncoding.EncodeToString(t.mac.Sum(b[:0])[:tokenBytes])
}
