package report

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"

	"downpour"
)

// Why a report was received but not counted.
const (
	ReasonRepeat    = "a second report within ten minutes"
	ReasonNetwork   = "very many reports of one network within ten minutes"
	ReasonOtherSite = "sent from another site's page"
)

// What the intake counts, beside the limits. A network's part is the number of
// addresses in a /24, and the same for a /48, in which one customer can make up
// 65,536 reporters.
const (
	// SharedReporters is how many reporters one IPv4 address of a shared range
	// (carrier NAT, RFC 6888; mobile networks) is taken for. Carriers put some
	// tens of customers on an address, of whom few report at the same time.
	SharedReporters = 8
	networkPart     = 256
)

// Bounds of the tables.
const (
	defaultReporters = 200_000
	defaultNetworks  = 50_000
)

// IntakeConfig says what is reported and who shares addresses.
type IntakeConfig struct {
	Services []Service
	// Shared are ranges of IPv4 addresses that several people have in common,
	// beside 100.64.0.0/10 (RFC 6598) and networks that Places calls mobile.
	Shared []netip.Prefix
	// Limits are DefaultLimits where they are zero.
	Limits Limits
	// Reporters bounds the reporters remembered for ten minutes, 200,000 if 0;
	// Networks the networks, 50,000 if 0. At these bounds all tables together
	// take some 50 MB. A full table forgets the oldest, who then may count once
	// more; how often that happened is in IntakeStats.
	Reporters, Networks int
}

// Service is what may be reported of one service.
type Service struct {
	Name string
	// Symptoms are the answers offered; DefaultSymptoms if empty. "other" is
	// always one.
	Symptoms []string
}

// DefaultSymptoms returns the symptoms of a service that names none.
func DefaultSymptoms() []string {
	return []string{"access", "login", "loading", "posting", otherSymptom}
}

const otherSymptom = "other"

// Submission is what a reporter sent.
type Submission struct {
	Service string
	Symptom string // one of the service's; anything else is kept as text under other
	Text    string
	// CrossSite says that another site's page sent it without that site's embed
	// token: it is received and not counted.
	CrossSite bool
}

// ErrService is returned for a report of a service that is not configured.
var ErrService = errors.New("no such service")

// IntakeStats counts what became of reports since the intake was made.
type IntakeStats struct {
	Counted   uint64
	Repeated  uint64 // received, not counted: ReasonRepeat
	Crowded   uint64 // received, not counted: ReasonNetwork
	OtherSite uint64 // received, not counted: ReasonOtherSite
	Limited   uint64 // refused with a LimitError
	Withdrawn uint64 // of those above, taken back because they could not be kept
	Evicted   uint64 // reporters and networks forgotten early because a table was full
}

// Intake decides on reports. Its methods may be called concurrently. It starts
// nothing and reads no clock.
type Intake struct {
	places func(netip.Addr) downpour.Place

	mu        sync.Mutex
	services  map[string]service
	shared    []netip.Prefix
	limits    *limiter
	reporters shares
	networks  shares
	tokens    tokens
	key       uint64
	stats     IntakeStats
}

type service struct {
	key      uint64 // tells its reporters from another service's
	symptoms map[string]bool
}

// NewIntake makes an intake. random gives its keys: crypto/rand.Reader but in
// tests. places tells where an address is and whose; nil where nothing is known.
func NewIntake(cfg IntakeConfig, random io.Reader, places func(netip.Addr) downpour.Place) (*Intake, error) {
	var keys [24]byte
	if _, err := io.ReadFull(random, keys[:]); err != nil {
		return nil, fmt.Errorf("no randomness for the intake's keys: %w", err)
	}
	if places == nil {
		places = func(netip.Addr) downpour.Place { return downpour.Place{} }
	}
	if cfg.Limits == (Limits{}) {
		cfg.Limits = DefaultLimits()
	}
	if cfg.Reporters <= 0 {
		cfg.Reporters = defaultReporters
	}
	if cfg.Networks <= 0 {
		cfg.Networks = defaultNetworks
	}
	in := &Intake{
		places:    places,
		limits:    newLimiter(cfg.Limits, cfg.Reporters, cfg.Networks, binary.BigEndian.Uint64(keys[:])),
		reporters: shares{newTable[share](cfg.Reporters)},
		networks:  shares{newTable[share](cfg.Networks)},
		tokens:    tokens{random: random},
		key:       binary.BigEndian.Uint64(keys[8:]),
	}
	in.Reconfigure(cfg.Services, cfg.Shared)
	return in, nil
}

// Reconfigure replaces the services and shared ranges and forgets nothing else.
func (in *Intake) Reconfigure(services []Service, shared []netip.Prefix) {
	known := make(map[string]service, len(services))
	for _, s := range services {
		known[s.Name] = newService(s)
	}
	ranges := append([]netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10)}, shared...)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.services, in.shared = known, ranges
}

func newService(s Service) service {
	names := s.Symptoms
	if len(names) == 0 {
		names = DefaultSymptoms()
	}
	symptoms := map[string]bool{otherSymptom: true}
	for _, name := range names {
		symptoms[name] = true
	}
	h := fnv.New64a()
	_, _ = io.WriteString(h, s.Name) // a hash takes everything (hash.Hash)
	return service{key: h.Sum64(), symptoms: symptoms}
}

// Receive decides on what was sent at now from an address, which may be invalid
// if it is not known (all such are one reporter). The report is to be kept, and
// then counted if it says Counted; if it cannot be kept, Withdraw it. The error
// is ErrService or a *LimitError; nothing is to be kept then.
func (in *Intake) Receive(now time.Time, from netip.Addr, s Submission) (downpour.Report, error) {
	from = from.Unmap()
	a := downpour.AddressFrom(from)
	about, err := in.admit(now, a, s.Service)
	if err != nil {
		return downpour.Report{}, err
	}
	place := in.places(from)
	symptom, text := words(about.symptoms, s.Symptom, s.Text)
	r := downpour.Report{Time: now, Service: s.Service, Symptom: symptom, Text: text, Country: place.Country, ASN: place.ASN}

	in.mu.Lock()
	defer in.mu.Unlock()
	if err := in.tokens.rotate(now.UnixNano()); err != nil {
		return downpour.Report{}, err
	}
	r.Network = in.tokens.of(a)
	r.Reason = in.judge(now.UnixNano(), a, about, in.parts(from, place), s.CrossSite)
	r.Counted = r.Reason == ""
	return r, nil
}

// admit applies the limits.
func (in *Intake) admit(now time.Time, a downpour.Address, name string) (service, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	about, ok := in.services[name]
	if !ok {
		return service{}, ErrService
	}
	if refused := in.limits.take(a, now.UnixNano()); refused != nil {
		in.stats.Limited++
		return service{}, refused
	}
	return about, nil
}

// parts is for how many reporters an address is taken.
func (in *Intake) parts(from netip.Addr, place downpour.Place) int32 {
	if !from.Is4() {
		return 1
	}
	if place.Kind == downpour.KindMobile {
		return SharedReporters
	}
	for _, p := range in.shared {
		if p.Contains(from) {
			return SharedReporters
		}
	}
	return 1
}

// judge returns why the report does not count; if it does, it counts it.
func (in *Intake) judge(now int64, a downpour.Address, about service, parts int32, crossSite bool) (reason string) {
	in.reporters.expire(now)
	in.networks.expire(now)
	if crossSite { // before the rest: a visitor's own report must still count
		in.stats.OtherSite++
		return ReasonOtherSite
	}
	reporter, network := in.keys(a, about)
	one, left := in.reporters.find(reporter, now, parts)
	if !left {
		in.stats.Repeated++
		return ReasonRepeat
	}
	many, left := in.networks.find(network, now, networkPart*parts)
	if !left {
		in.stats.Crowded++
		return ReasonNetwork
	}
	in.reporters.count(one, reporter, now)
	in.networks.count(many, network, now)
	in.stats.Counted++
	return ""
}

// keys are the keyed hashes that stand for a reporter of a service and for its
// network; the tables hold no address.
func (in *Intake) keys(a downpour.Address, about service) (reporter, network uint64) {
	four, six := scopePrefix(scopeReporter)
	reporter = mask(a, four, six).Hash(in.key ^ about.key)
	four, six = scopePrefix(scopeNetwork)
	return reporter, mask(a, four, six).Hash(in.key ^ about.key)
}

// Withdraw takes back that Receive counted a report of this address, because it
// could not be kept: the reporter's next try counts.
func (in *Intake) Withdraw(from netip.Addr, r downpour.Report) {
	in.mu.Lock()
	defer in.mu.Unlock()
	about, ok := in.services[r.Service]
	if !ok || !r.Counted {
		return
	}
	reporter, network := in.keys(downpour.AddressFrom(from.Unmap()), about)
	in.reporters.giveBack(reporter)
	in.networks.giveBack(network)
	in.stats.Withdrawn++
}

// Stats returns the figures of this moment.
func (in *Intake) Stats() IntakeStats {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := in.stats
	s.Evicted = in.reporters.table.evicted + in.networks.table.evicted + in.limits.evicted()
	return s
}

// words makes of what was sent a symptom of the service's list and a text that
// may be kept. An unknown symptom becomes the beginning of the text.
func words(known map[string]bool, symptom, text string) (string, string) {
	symptom = strings.ToLower(cleanText(symptom))
	text = cleanText(text)
	switch {
	case symptom == "":
		return otherSymptom, text
	case known[symptom]:
		return symptom, text
	case text == "":
		return otherSymptom, symptom
	}
	return otherSymptom, cleanText(symptom + ": " + text)
}
