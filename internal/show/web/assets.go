package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// StaticPrefix is the path that Pages.Static must be served under.
const StaticPrefix = "/static/"

// assets are the static files under names that change with their content.
type assets struct {
	hashed map[string]string // style.css to style.1f3a5c7e.css
	plain  map[string]string // and back
}

// loadAssets names every embedded file after its content.
func loadAssets() (assets, error) {
	a := assets{hashed: map[string]string{}, plain: map[string]string{}}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return a, err
	}
	for _, e := range entries {
		data, err := assetFiles.ReadFile(path.Join("assets", e.Name()))
		if err != nil {
			return a, err
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:4]) + ext
		a.hashed[e.Name()], a.plain[name] = name, e.Name()
	}
	return a, nil
}

// Open opens a file by its hashed name, or the one folder there is.
func (a assets) Open(name string) (fs.File, error) {
	if name == "." {
		return assetFiles.Open("assets")
	}
	plain, ok := a.plain[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return assetFiles.Open(path.Join("assets", plain))
}

// ReadDir lists the files by their hashed names, in order.
func (a assets) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	entries, err := assetFiles.ReadDir("assets")
	for i, e := range entries {
		entries[i] = hashedEntry{e, a.hashed[e.Name()]}
	}
	slices.SortFunc(entries, func(x, y fs.DirEntry) int { return strings.Compare(x.Name(), y.Name()) })
	return entries, err
}

// hashedEntry is a file of the folder under its hashed name.
type hashedEntry struct {
	fs.DirEntry
	name string
}

// Name is the hashed name.
func (e hashedEntry) Name() string { return e.name }

// url is the address of a static file; empty if there is no such file.
func (a assets) url(name string) string {
	if a.hashed[name] == "" {
		return ""
	}
	return StaticPrefix + a.hashed[name]
}
