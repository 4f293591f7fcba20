package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"downpour/internal/config"
	"downpour/internal/live"
	"downpour/internal/observe"
	"downpour/internal/observe/capture"
	"downpour/internal/observe/collector"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/netflow"
	"downpour/internal/observe/packet"
	"downpour/internal/observe/sflow"
)

// queueBatches is how many batches may be on their way from the intakes to the
// pipeline: 524,288 flows in 47 MB, half a second at a million a second. A second
// that is complete goes to the detectors at once; what comes meanwhile waits here.
const queueBatches = 512

// templatesFile keeps exporters' templates over a restart, in the store's folder.
const templatesFile = "flow-templates.json"

// newTelemetry opens the intakes of telemetry that are configured. What a file
// names must be there; default addresses may be taken by somebody else.
func newTelemetry(ctx context.Context, cfg *config.Config, st live.Settings, log *slog.Logger) (*live.Telemetry, error) {
	t := &live.Telemetry{Queue: observe.NewQueue(queueBatches), Ingresses: flow.NewIngresses()}
	err := openFlow(ctx, t, cfg, st, log)
	if err == nil {
		err = openCaptures(t, cfg.Packets)
	}
	if err == nil {
		t.Logs, err = openLogs(ctx, t.Queue, cfg, log)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// openFlow opens what receives flow export.
func openFlow(ctx context.Context, t *live.Telemetry, cfg *config.Config, st live.Settings, log *slog.Logger) error {
	if len(cfg.Flow.Listen) == 0 {
		return nil
	}
	cc, err := collectorConfig(cfg)
	if err != nil {
		return err
	}
	if cc.Allowed, err = live.AllowedExporters(ctx, st); err != nil {
		return err
	}
	cc.Queue, cc.Ingresses, cc.Log, cc.Seed = t.Queue, t.Ingresses, log, seed()
	if t.Flow, err = collector.New(cc); err != nil {
		return err
	}
	err = t.Flow.Open(ctx)
	var busy *collector.BusyError
	if cfg.Flow.Default && errors.As(err, &busy) {
		log.Warn("flow export is not received at a default address", "error", strings.ReplaceAll(err.Error(), "\n", "; "))
		t.Failed = append(t.Failed, err)
		return nil
	}
	return err
}

// packetsExporter is the number of this machine among the exporters, whose own
// numbers begin with 1.
const packetsExporter = 0

// openCaptures opens the interfaces that packets are taken from.
func openCaptures(t *live.Telemetry, list []config.Packets) error {
	t.Ingresses.NameExporter(packetsExporter, "this server")
	for i, p := range list {
		index := uint32(i + 1)
		t.Ingresses.NameInterface(packetsExporter, index, p.Interface)
		r, err := capture.New(capture.Config{
			Interface: p.Interface, Sampling: p.Sampling, Promiscuous: p.Promiscuous, Headers: packet.Options{Decapsulate: p.Decapsulate},
			Ingress: t.Ingresses.ID(packetsExporter, index, 0), Queue: t.Queue,
		})
		if err != nil {
			return err
		}
		t.Captures = append(t.Captures, &live.Capture{Interface: p.Interface, Sampling: p.Sampling, Reader: r})
	}
	return nil
}

// collectorConfig says in the collector's words what is configured.
func collectorConfig(cfg *config.Config) (collector.Config, error) {
	f := cfg.Flow
	headers := packet.Options{Decapsulate: f.Decapsulate}
	cc := collector.Config{
		Listen: endpoints(f.Listen), Relay: endpoints(f.Relay), RelaySource: f.RelaySource == "exporter",
		Exporters: exporters(f.Exporters), Allow: f.Allow,
		Patience: time.Duration(f.Patience), ClockTolerance: time.Duration(f.ClockTolerance),
		Sockets: f.Sockets, Buffer: int(f.Buffer),
		State:   filepath.Join(cfg.Store.Path, templatesFile),
		NetFlow: func(stream bool) flow.Decoder { return netflow.New(netflow.Config{Stream: stream, Headers: headers}) },
		SFlow:   func() flow.Decoder { return sflow.New(sflow.Config{Headers: headers}) },
	}
	if f.Certificate == "" {
		return cc, nil
	}
	var err error
	cc.TLS, err = tlsConfig(f)
	return cc, err
}

// tlsConfig is the server's side of IPFIX over TLS (RFC 7011, 11).
func tlsConfig(f config.Flow) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
	if err != nil {
		return nil, fmt.Errorf("the certificate for flow export over TLS: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if f.ClientCA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(f.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("the authorities of exporters' certificates: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the authorities of exporters' certificates: no certificate in %s", f.ClientCA)
	}
	return c, nil
}

func endpoints(list []config.FlowEndpoint) []collector.Endpoint {
	var out []collector.Endpoint
	for _, e := range list {
		out = append(out, collector.Endpoint{Scheme: collector.Scheme(e.Scheme), Address: e.Address})
	}
	return out
}

func exporters(list []config.Exporter) []collector.Exporter {
	var out []collector.Exporter
	for _, e := range list {
		x := collector.Exporter{
			Address: e.Address, Name: e.Name, Sampling: e.Sampling, ActiveTimeout: time.Duration(e.ActiveTimeout),
			Interfaces: map[uint32]collector.Interface{},
		}
		for index, i := range e.Interfaces {
			x.Interfaces[index] = collector.Interface{Name: i.Name, Role: role(i.Role)}
		}
		out = append(out, x)
	}
	return out
}

func role(s string) collector.Role {
	switch s {
	case "edge":
		return collector.Edge
	case "core":
		return collector.Core
	}
	return collector.NoRole
}

// seed is a secret for the keyed hashes of this run, so that nobody can choose
// addresses that collide.
func seed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand)
	return binary.LittleEndian.Uint64(b[:])
}
