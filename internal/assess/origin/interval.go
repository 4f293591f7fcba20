package origin

import (
	"math"

	"downpour"
)

// z is the normal quantile of a 95 % interval.
const z = 1.959964

// estimate gives each class's share of packets with a 95 % interval that treats
// a source's packets as going together: the linearised variance of a ratio over
// clusters (Cochran 1977, 6.3), Σ w²x²(1{c}−p)²/(Σ wx)², turned into the number
// of independent packets that it is worth (as Korn and Graubard 1998 do), and
// Wilson's interval of that many. A class's own variance may come out too small
// by luck, so it counts never less than that of Kish's effective number
// (Σ wx)²/Σ w²x². The interval is that of the share which the senders have as a
// population; so it has a width even where every packet was seen.
func estimate(list []located, class []int, classes int) []downpour.Estimate {
	var total, squares float64
	packets, own := make([]float64, classes), make([]float64, classes)
	for i, l := range list {
		x := l.weight * float64(l.source.Packets)
		total += x
		squares += x * x
		packets[class[i]] += x
		own[class[i]] += x * x
	}
	shares := make([]downpour.Estimate, classes)
	for c, x := range packets {
		if total == 0 {
			shares[c] = downpour.Estimate{High: 1}
			continue
		}
		p := x / total
		variance := (own[c]*(1-p)*(1-p) + (squares-own[c])*p*p) / (total * total)
		variance = max(variance, p*(1-p)*squares/(total*total))
		n := total * total / squares
		if variance > 0 {
			n = p * (1 - p) / variance
		}
		shares[c] = wilson(p, max(n, 1))
	}
	return shares
}

// wilson is Wilson's score interval of a proportion p of n (Wilson 1927).
func wilson(p, n float64) downpour.Estimate {
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return downpour.Estimate{Value: p, Low: max(min(centre-half, p), 0), High: min(max(centre+half, p), 1)}
}

// classes estimates how many known classes the sources have, nil if none is
// known: counted where all sources are known and every packet was seen, else Chao's lower bound of what was not met with its
// log-normal interval (Chao 1984, 1987), in the bias-corrected form.
func classes(f *downpour.Footprint, list []located, key func(downpour.Place) string) *downpour.Estimate {
	met := map[string]int{}
	for _, l := range list {
		if k := key(l.place); k != "" {
			met[k]++
		}
	}
	seen := float64(len(met))
	if len(met) == 0 {
		return nil
	}
	if f.SampleComplete && f.Sampling <= 1 {
		e := downpour.Exactly(seen)
		return &e
	}
	var once, twice float64
	for _, n := range met {
		switch n {
		case 1:
			once++
		case 2:
			twice++
		}
	}
	unseen := once * (once - 1) / (2 * (twice + 1))
	if unseen == 0 {
		e := downpour.Exactly(seen)
		return &e
	}
	r := once / (twice + 1)
	variance := unseen * (1 + r*(1+r/2))
	spread := math.Exp(z * math.Sqrt(math.Log(1+variance/(unseen*unseen))))
	return &downpour.Estimate{Value: seen + unseen, Low: seen + unseen/spread, High: seen + unseen*spread}
}
