//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// surroundings is the machine that a table was taken on. It names no host.
type surroundings struct {
	cores                 int
	processor, kernel     string
	loadBefore, loadAfter string
	limits                string
}

func machine(limits string) *surroundings {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	release, _, _ := strings.Cut(strings.TrimSpace(string(kernel)), "-")
	return &surroundings{cores: runtime.NumCPU(), processor: processor(), kernel: release, loadBefore: load(), limits: limits}
}

// processor is the model's name.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for _, line := range strings.Split(string(info), "\n") {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return runtime.GOARCH
}

// load is the average of one minute: what else the machine does.
func load() string {
	data, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(data), " ")
	return first
}

// raiseLimits lets every socket have a large buffer, whether its owner asks for
// it (rmem_max) or not (rmem_default), and tells what now holds.
func raiseLimits(log io.Writer) (says string, restore func()) {
	var undo []func()
	for _, name := range []string{"rmem_max", "rmem_default"} {
		path := "/proc/sys/net/core/" + name
		before, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		now := strings.TrimSpace(string(before))
		if err := os.WriteFile(path, []byte(strconv.Itoa(receiveBuffer)), 0o600); err != nil {
			fmt.Fprintf(log, "net.core.%s stays %s: %v\n", name, now, err)
		} else {
			now = strconv.Itoa(receiveBuffer)
			undo = append(undo, func() { _ = os.WriteFile(path, before, 0o600) })
		}
		says += fmt.Sprintf(", net.core.%s %s", name, now)
	}
	return strings.TrimPrefix(says, ", "), func() {
		for _, f := range undo {
			f()
		}
	}
}
