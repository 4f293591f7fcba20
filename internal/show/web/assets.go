package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"
)

//go:embed assets
var assetFiles embed.FS

// StaticPrefix is the path that Pages.Static must be served under.
const StaticPrefix = "/static/"

// assets are the static files under hashed names.
type assets struct {
	fs.FS
	names map[string]string // plain name to hashed name
}

// loadAssets gives every embedded file a name that changes with its content:
// style.css becomes style.1f3a5c7e.css.
func loadAssets() (assets, error) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return assets{}, err
	}
	files, names := fstest.MapFS{}, map[string]string{}
	for _, e := range entries {
		data, err := assetFiles.ReadFile(path.Join("assets", e.Name()))
		if err != nil {
			return assets{}, err
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(e.Name())
		hashed := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:4]) + ext
		files[hashed] = &fstest.MapFile{Data: data, Mode: 0o444}
		names[e.Name()] = hashed
	}
	return assets{FS: files, names: names}, nil
}

// url is the address of a static file; empty if there is no such file.
func (a assets) url(name string) string {
	if a.names[name] == "" {
		return ""
	}
	return StaticPrefix + a.names[name]
}
