package enrich

import (
	"strconv"
	"strings"

	"downpour"

	"github.com/oschwald/maxminddb-golang/v2/mmdbdata"
)

// record is the union of the fields that the vendors use for one thing. A field
// of another type than expected is skipped: vendors reuse names.
type record struct {
	Country           countryField `maxminddb:"country"`            // MaxMind, DB-IP, IP2Location: a map; IPinfo: a code
	RegisteredCountry countryField `maxminddb:"registered_country"` // MaxMind, where the location is not known
	CountryCode       text         `maxminddb:"country_code"`       // ip-location-db, IPinfo Lite

	Number       number `maxminddb:"autonomous_system_number"` // MaxMind, DB-IP, ip-location-db
	Organization text   `maxminddb:"autonomous_system_organization"`
	ASN          number `maxminddb:"asn"` // IPinfo: "AS64500"
	ASName       text   `maxminddb:"as_name"`
	Name         text   `maxminddb:"name"` // IPinfo ASN
	AS           text   `maxminddb:"as"`   // IP2Location: the name

	Type      text `maxminddb:"type"` // IPinfo ASN: isp, hosting, education, business, government
	ASType    text `maxminddb:"as_type"`
	UserType  text `maxminddb:"user_type"`  // MaxMind Enterprise
	UsageType text `maxminddb:"usage_type"` // IP2Location
	Hosting   flag `maxminddb:"is_hosting_provider"`
	Anonymous flag `maxminddb:"is_anonymous"`
}

// countryField is {"iso_code": "DE", ...} or plain "DE".
type countryField string

// UnmarshalMaxMindDB implements mmdbdata.Unmarshaler.
func (c *countryField) UnmarshalMaxMindDB(d *mmdbdata.Decoder) error {
	kind, err := d.PeekKind()
	if err != nil {
		return err
	}
	switch kind {
	case mmdbdata.KindString:
		s, err := d.ReadString()
		*c = countryField(s)
		return err
	case mmdbdata.KindMap:
		entries, _, err := d.ReadMap()
		if err != nil {
			return err
		}
		for key, err := range entries {
			if err != nil {
				return err
			}
			if string(key) != "iso_code" {
				if err := d.SkipValue(); err != nil {
					return err
				}
				continue
			}
			s, err := d.ReadString()
			if err != nil {
				return err
			}
			*c = countryField(s)
		}
		return nil
	}
	return d.SkipValue()
}

// number is an autonomous system number as an integer or as "AS64500" or "64500".
type number uint32

// UnmarshalMaxMindDB implements mmdbdata.Unmarshaler.
func (n *number) UnmarshalMaxMindDB(d *mmdbdata.Decoder) error {
	kind, err := d.PeekKind()
	if err != nil {
		return err
	}
	switch kind {
	case mmdbdata.KindUint32:
		v, err := d.ReadUint32()
		*n = number(v)
		return err
	case mmdbdata.KindUint16:
		v, err := d.ReadUint16()
		*n = number(v)
		return err
	case mmdbdata.KindString:
		s, err := d.ReadString()
		if err != nil {
			return err
		}
		if v, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(s), "AS"), 10, 32); err == nil {
			*n = number(v)
		}
		return nil
	}
	return d.SkipValue()
}

// text is a string; a value of another type reads as empty.
type text string

// UnmarshalMaxMindDB implements mmdbdata.Unmarshaler.
func (t *text) UnmarshalMaxMindDB(d *mmdbdata.Decoder) error {
	kind, err := d.PeekKind()
	if err != nil {
		return err
	}
	if kind != mmdbdata.KindString {
		return d.SkipValue()
	}
	s, err := d.ReadString()
	*t = text(s)
	return err
}

// flag is a boolean; a value of another type reads as false.
type flag bool

// UnmarshalMaxMindDB implements mmdbdata.Unmarshaler.
func (f *flag) UnmarshalMaxMindDB(d *mmdbdata.Decoder) error {
	kind, err := d.PeekKind()
	if err != nil {
		return err
	}
	if kind != mmdbdata.KindBool {
		return d.SkipValue()
	}
	b, err := d.ReadBool()
	*f = flag(b)
	return err
}

func (r *record) country() string {
	for _, code := range [...]string{string(r.Country), string(r.CountryCode), string(r.RegisteredCountry)} {
		if code = strings.ToUpper(code); len(code) == 2 && code != "ZZ" && code != "--" {
			return code
		}
	}
	return ""
}

func (r *record) asn() uint32 { return uint32(max(r.Number, r.ASN)) }

func (r *record) network() string {
	for _, name := range [...]text{r.Organization, r.ASName, r.Name, r.AS} {
		if name != "" && name != "-" {
			return string(name)
		}
	}
	return ""
}

// kind reads the network's kind in the words of the vendors that tell it.
func (r *record) kind() downpour.NetworkKind {
	switch {
	case bool(r.Anonymous):
		return downpour.KindAnonymiser
	case bool(r.Hosting):
		return downpour.KindHosting
	}
	for _, word := range [...]text{r.Type, r.ASType, r.UserType, r.UsageType} {
		switch first, _, _ := strings.Cut(strings.ToLower(string(word)), "/"); first {
		case "hosting", "dch", "cdn", "content_delivery_network":
			return downpour.KindHosting
		case "isp", "residential", "dialup", "cable/dsl":
			return downpour.KindAccess
		case "mob", "mobile", "cellular":
			return downpour.KindMobile
		case "education", "edu", "college", "school", "library":
			return downpour.KindEducation
		case "government", "gov", "mil", "military":
			return downpour.KindGovernment
		case "business", "com", "org":
			return downpour.KindBusiness
		}
	}
	return downpour.KindUnknown
}
