package main

import (
	"bytes"
	"os"
	"testing"
)

func TestElementsAreFresh(t *testing.T) {
	source, err := os.ReadFile("registry_IANA.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(source)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../elements_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("elements_gen.go is not what gen makes: run go generate ./internal/observe/netflow")
	}
}

func TestAChangedFormIsRefused(t *testing.T) {
	if _, err := generate([]byte(`registerInfoElement(*entities.NewInfoElement("octetDeltaCount", 1, 4, 0, 8), 0)`)); err == nil {
		t.Error("a registry of one element was taken")
	}
}
