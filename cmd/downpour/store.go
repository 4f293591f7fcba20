package main

import (
	"context"
	"fmt"
	"strings"

	"downpour/internal/store/embedded"
)

type storeCommand struct {
	Check   storeCheck   `cmd:"" help:"Verify the store's integrity; works beside a running server."`
	Backup  storeBackup  `cmd:"" help:"Write a consistent copy of the store; works beside a running server."`
	Restore storeRestore `cmd:"" help:"Make a store of a backup."`
}

type storeCheck struct {
	Data string `default:"./downpour-data" placeholder:"DIR" help:"Folder of the store."`
}

// Run verifies the store and tells every fault.
func (c *storeCheck) Run(ctx context.Context, io streams) error {
	v, err := embedded.OpenView(c.Data)
	if err != nil {
		return wrong(err)
	}
	defer v.Close() //nolint:errcheck // it was only read
	faults, err := v.Check(ctx)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return wrong(fmt.Errorf("the store in %s is damaged:\n%s", c.Data, strings.Join(faults, "\n")))
	}
	_, err = fmt.Fprintf(io.out, "the store in %s is sound\n", c.Data)
	return err
}

type storeBackup struct {
	Data string `default:"./downpour-data" placeholder:"DIR" help:"Folder of the store."`
	To   string `arg:"" name:"file" help:"File to write; it must not exist."`
}

// Run copies the store.
func (c *storeBackup) Run(ctx context.Context, io streams) error {
	v, err := embedded.OpenView(c.Data)
	if err != nil {
		return wrong(err)
	}
	defer v.Close() //nolint:errcheck // it was only read
	if err := v.Backup(ctx, c.To); err != nil {
		return wrong(err)
	}
	_, err = fmt.Fprintf(io.out, "the store in %s is copied to %s\n", c.Data, c.To)
	return err
}

type storeRestore struct {
	From string `arg:"" name:"file" help:"A backup."`
	Data string `default:"./downpour-data" placeholder:"DIR" help:"Folder for the store; it must hold none."`
}

// Run makes a store of a backup.
func (c *storeRestore) Run(ctx context.Context, io streams) error {
	if err := embedded.Restore(ctx, c.From, c.Data); err != nil {
		return wrong(err)
	}
	_, err := fmt.Fprintf(io.out, "%s is restored to %s\n", c.From, c.Data)
	return err
}
