package web

import "math/bits"

// The odd numbers that the hash multiplies with (wyhash's, by Wang Yi).
const (
	mixA = 0xa0761d6478bd642f
	mixB = 0xe7037ed1a0b428db
)

// hashText mixes a text with a key into 64 well-spread bits, eight bytes at a
// time (the folded multiplication of wyhash; not a cryptographic hash).
func hashText(s string, key uint64) uint64 {
	h := key ^ uint64(len(s))*mixB
	for len(s) >= 8 {
		h = fold(h^word(s), mixA)
		s = s[8:]
	}
	var last uint64
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	return fold(fold(h^last, mixB), mixA^key)
}

func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^mixB, b)
	return hi ^ lo
}
