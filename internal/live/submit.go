package live

import (
	"context"
	"errors"

	"downpour/internal/observe/report"
	"downpour/internal/show/server"
	"downpour/internal/store"
)

// Submit takes in one user's report and returns once it is durable. What it
// counts is counted after that, so that nothing is shown which a crash could
// take away.
func (l *Live) Submit(ctx context.Context, s server.Submission) (server.Receipt, error) {
	r, err := l.cfg.Intake.Receive(l.cfg.Clock(), s.Client, report.Submission{
		Service: s.Service, Symptom: s.Symptom, Text: s.Text, CrossSite: s.CrossSite,
	})
	if err != nil {
		return server.Receipt{}, refusal(err)
	}
	if err := l.cfg.Store.AddReport(ctx, r); err != nil {
		l.cfg.Intake.Withdraw(s.Client, r)
		return server.Receipt{}, err
	}
	if r.Counted {
		l.cfg.Counter.Add(r.Service, r.Time)
	}
	l.mu.Lock()
	l.last = &r.Time
	l.mu.Unlock()
	return server.Receipt{Counted: r.Counted, Reason: r.Reason, Time: r.Time}, nil
}

// refusal says in the server's words why a report was not taken.
func refusal(err error) error {
	var limit *report.LimitError
	switch {
	case errors.As(err, &limit):
		return &server.ShedError{Reason: limit.Scope, After: limit.RetryAfter}
	case errors.Is(err, report.ErrService):
		return store.ErrNotFound
	}
	return err
}
