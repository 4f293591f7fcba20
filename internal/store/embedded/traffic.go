package embedded

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"downpour"
	"downpour/internal/store"
)

const (
	// trafficVersion is the first byte of a row's minutes.
	trafficVersion = 1
	// trafficShare is the part of the disk budget that minutes of traffic may take.
	trafficShare = 4
)

// PutTraffic keeps minutes of traffic, those that follow each other with one time in
// one row.
func (s *Store) PutTraffic(ctx context.Context, m []downpour.TrafficMinute) error {
	return s.update(ctx, func(ctx context.Context, c *sql.Conn) error {
		for len(m) > 0 {
			n := 1
			for n < len(m) && m[n].Time.Equal(m[0].Time) {
				n++
			}
			_, err := c.ExecContext(ctx, `INSERT INTO traffic (time, minutes) VALUES (?, ?)`, nanos(m[0].Time), appendMinutes(nil, m[:n]))
			if err != nil {
				return err
			}
			m = m[n:]
		}
		return nil
	})
}

// Traffic calls each for the rows of [from, to), in order of time.
func (s *Store) Traffic(ctx context.Context, from, to time.Time, each func([]downpour.TrafficMinute) error) error {
	if s.isClosed() {
		return store.ErrClosed
	}
	return s.failed(readTraffic(ctx, s.read, from, to, each))
}

// Traffic reads as Store.Traffic does. A store that an older version wrote has none.
func (v *View) Traffic(ctx context.Context, from, to time.Time, each func([]downpour.TrafficMinute) error) error {
	version, err := schemaVersion(ctx, v.read)
	if err != nil || version < 3 {
		return explain(v.file, err)
	}
	return explain(v.file, readTraffic(ctx, v.read, from, to, each))
}

func readTraffic(ctx context.Context, db *sql.DB, from, to time.Time, each func([]downpour.TrafficMinute) error) error {
	rows, err := db.QueryContext(ctx, `SELECT time, minutes FROM traffic WHERE time >= ? AND time < ? ORDER BY time, id`, nanos(from), nanos(to))
	if err != nil {
		return err
	}
	defer rows.Close()
	var minutes []downpour.TrafficMinute
	var raw sql.RawBytes
	var at int64
	for rows.Next() {
		if err := rows.Scan(&at, &raw); err != nil {
			return err
		}
		if minutes, err = decodeMinutes(minutes[:0], raw, time.Unix(0, at).UTC()); err != nil {
			return fmt.Errorf("kept traffic of %s: %w", time.Unix(0, at).UTC().Format(time.RFC3339), err)
		}
		if err := each(minutes); err != nil {
			return err
		}
	}
	return rows.Err()
}

// appendMinutes codes minutes of one time: a version, and of each the length of the
// address with the bit of what was attacked, the address, the prefix's length, the class,
// and the four rates as 32-bit floats.
func appendMinutes(dst []byte, list []downpour.TrafficMinute) []byte {
	const attacked = 1 << 7
	dst = append(dst, trafficVersion)
	for i := range list {
		m := &list[i]
		address := m.Target.Addr().AsSlice()
		head := byte(len(address))
		if m.Attacked {
			head |= attacked
		}
		dst = append(dst, head)
		dst = append(dst, address...)
		class := m.Class[:min(len(m.Class), math.MaxUint8)]
		dst = append(dst, byte(m.Target.Bits()), byte(len(class)))
		dst = append(dst, class...)
		for _, rate := range [...]float64{m.Peak.Packets, m.Peak.Bits, m.Expected.Packets, m.Expected.Bits} {
			dst = binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(rate)))
		}
	}
	return dst
}

// errMinutes is what a row is that does not follow appendMinutes.
var errMinutes = errors.New("cannot be read")

func decodeMinutes(dst []downpour.TrafficMinute, data []byte, at time.Time) ([]downpour.TrafficMinute, error) {
	const attacked, rates = 1 << 7, 4
	if len(data) == 0 || data[0] != trafficVersion {
		return dst, errMinutes
	}
	for data = data[1:]; len(data) > 0; {
		m := downpour.TrafficMinute{Time: at, Attacked: data[0]&attacked != 0}
		n := int(data[0] &^ attacked)
		if len(data) < 1+n+2 {
			return dst, errMinutes
		}
		address, ok := netip.AddrFromSlice(data[1 : 1+n])
		bits, class := int(data[1+n]), int(data[2+n])
		data = data[3+n:]
		if !ok || bits > address.BitLen() || len(data) < class+4*rates {
			return dst, errMinutes
		}
		m.Target, m.Class = netip.PrefixFrom(address, bits), string(data[:class])
		data = data[class:]
		for i, into := range [...]*float64{&m.Peak.Packets, &m.Peak.Bits, &m.Expected.Packets, &m.Expected.Bits} {
			*into = float64(math.Float32frombits(binary.BigEndian.Uint32(data[4*i:])))
		}
		data = data[4*rates:]
		dst = append(dst, m)
	}
	return dst, nil
}

// pruneTraffic deletes the minutes older than before, and the oldest while all of them
// take more than their share of the budget.
func (s *Store) pruneTraffic(ctx context.Context, before time.Time, budget int64) (int64, error) {
	old, err := s.pruneAll(ctx, func(ctx context.Context, c *sql.Conn) (int64, error) {
		return affected(c.ExecContext(ctx, `DELETE FROM traffic WHERE id IN
			(SELECT id FROM traffic WHERE time < ? ORDER BY time LIMIT ?)`, nanos(before), pruneChunk))
	})
	if err != nil || budget <= 0 {
		return old, err
	}
	surplus, err := s.pruneAll(ctx, func(ctx context.Context, c *sql.Conn) (int64, error) {
		const tenth = 10 // of them at a time, so that few more go than must
		var bytes, rows int64
		err := c.QueryRowContext(ctx, `SELECT coalesce(sum(length(minutes)), 0), count(*) FROM traffic`).Scan(&bytes, &rows)
		if err != nil || bytes <= budget/trafficShare {
			return 0, err
		}
		return affected(c.ExecContext(ctx, `DELETE FROM traffic WHERE id IN
			(SELECT id FROM traffic ORDER BY time, id LIMIT ?)`, min(max(rows/tenth, 1), pruneChunk)))
	})
	return old + surplus, err
}
