package fastnetmon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"downpour/internal/config"
)

// maxBytes bounds a file; a list of all of the Internet's routes fits.
const maxBytes = 64 << 20

// line is a line of a file.
type line struct {
	file   string
	number int
	text   string
}

// place names it in a comment, by the file's last name.
func (l line) place() string { return fmt.Sprintf("%s:%d", printable(filepath.Base(l.file)), l.number) }

// setting is a key with its value.
type setting struct {
	line
	name, value string
	column      int // of the value, from 1
	carried     bool
}

// conf is a fastnetmon.conf.
type conf struct {
	file     string
	settings []*setting
	last     map[string]*setting // by name: the last one counts
}

// readLines reads a file's lines; what keeps it from that is a fault, told at the
// setting that names it, if one does.
func (im *importer) readLines(path string, by *setting, mend string) []line {
	data, err := readFile(path)
	if err != nil {
		if by != nil {
			im.wrong(by, fmt.Sprintf("%s %v", path, err), mend)
		} else {
			im.faults = append(im.faults, config.Fault{File: path, Says: err.Error(), Mend: mend})
		}
		return nil
	}
	var lines []line
	for i, text := range strings.Split(string(data), "\n") {
		lines = append(lines, line{path, i + 1, strings.TrimSuffix(text, "\r")})
	}
	return lines
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("is not there")
	case errors.Is(err, fs.ErrPermission):
		return nil, errors.New("may not be read by this user")
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a file")
	case info.Size() > maxBytes:
		return nil, fmt.Errorf("has more than %d bytes", maxBytes)
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, errors.New("may not be read by this user")
	}
	if err == nil && !utf8.Valid(data) {
		return nil, errors.New("is not text in UTF-8")
	}
	return data, err
}

// readConf reads the configuration as FastNetMon does: a line is split at its
// equals signs, of which there must be one.
func (im *importer) readConf(path string) conf {
	c := conf{file: path, last: map[string]*setting{}}
	for _, l := range im.readLines(path, nil, "name fastnetmon.conf, or the folder that it is in") {
		text := strings.TrimSpace(l.text)
		if text == "" || text[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok || name == "":
			im.fault(l, 1, "", "is not \"key = value\", and FastNetMon skips it", "put # before it or mend it")
			continue
		case strings.Contains(value, "="):
			im.fault(l, 1, name, "has two equals signs, and FastNetMon skips it", "put # before it or mend it")
			continue
		}
		s := &setting{line: l, name: name, value: value, column: columnOf(l.text, value)}
		c.settings = append(c.settings, s)
		c.last[name] = s
	}
	return c
}

// columnOf is where a value begins in its line, in characters from 1.
func columnOf(text, value string) int {
	_, after, _ := strings.Cut(text, "=")
	before := len(text) - len(after)
	if value != "" {
		before += strings.Index(after, value)
	}
	return utf8.RuneCountInString(text[:before]) + 1
}

// take returns the setting of a name as carried over, or nil.
func (im *importer) take(name string) *setting {
	s := im.conf.last[name]
	if s != nil {
		s.carried = true
	}
	return s
}

// on tells whether a switch is on; FastNetMon takes anything but "on" for off.
func (im *importer) on(name string) bool {
	s := im.conf.last[name]
	if s == nil {
		return false
	}
	switch s.value {
	case "on":
		return true
	case "off", "":
		return false
	}
	mend := "write on or off"
	if strings.Contains(s.value, "#") {
		mend = "a comment needs a line of its own"
	}
	im.wrong(s, fmt.Sprintf("%q is neither on nor off, and FastNetMon takes it for off", s.value), mend)
	return false
}

// number returns a setting's whole number of at least low, or false after a fault.
func (im *importer) number(s *setting, low, high uint64) (uint64, bool) {
	n, err := strconv.ParseUint(s.value, 10, 64)
	if err != nil || n < low || n > high {
		im.wrong(s, fmt.Sprintf("%q is not a number from %d to %d", s.value, low, high), "write the number alone")
		return 0, false
	}
	return n, true
}

// because tells why keys are not carried over, where that depends on others.
func (im *importer) because(reason string, names ...string) {
	for _, name := range names {
		im.reasons[name] = reason
	}
}

// printable keeps a file from putting more than text of one line into ours.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if strconv.IsPrint(c) {
			return c
		}
		return utf8.RuneError
	}, s)
}
