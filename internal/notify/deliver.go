package notify

import (
	"context"
	"time"
)

// How a message that could not be sent is tried again.
const (
	firstPause = time.Second
	longest    = time.Minute
	// tooOld is the age at which a message is given up.
	tooOld = time.Hour
)

// deliver sends a receiver's messages one after the other.
func (n *Notifier) deliver(ctx context.Context, r *receiver) {
	wait := firstPause
	for {
		i, ok := n.next(r)
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-r.wake:
			}
			continue
		}
		err := r.send(ctx, &i)
		if ctx.Err() != nil && err != nil {
			return // it stays in the queue, and in State
		}
		again := n.sent(r, &i, err)
		if !again {
			wait = firstPause
			continue
		}
		if !sleep(ctx, wait) {
			return
		}
		wait = min(2*wait, longest)
	}
}

// next is the item to send; items that are too old are given up.
func (n *Notifier) next(r *receiver) (item, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(r.queue.items) > 0 {
		i := r.queue.items[0]
		if n.cfg.Clock().Sub(i.At) < tooOld {
			return i, true
		}
		r.queue.items = r.queue.items[1:]
		r.queue.stats.Dropped++
		n.unkept = true
	}
	return item{}, false
}

// sent notes what became of an item, and tells whether to try it again.
func (n *Notifier) sent(r *receiver, i *item, err error) (again bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	again = err != nil && !isRefusal(err)
	n.tell(&r.queue.stats, err)
	r.queue.settle(i, err, again, n.cfg.Clock())
	n.unkept = true
	return again
}

// tell logs the first failure of a row, and the first success after it.
func (n *Notifier) tell(s *Stats, err error) {
	switch {
	case err != nil && (s.Problem == "" || isRefusal(err)):
		n.cfg.Log.Warn("an alert was not delivered", "to", s.Name, "error", err, "again", !isRefusal(err))
	case err == nil && s.Problem != "":
		n.cfg.Log.Info("alerts are delivered again", "to", s.Name)
	}
}

// repeat tells Alertmanager at once what is new, and everything each minute.
func (n *Notifier) repeat(ctx context.Context, r *receiver) {
	wait, next := firstPause, repeat
	for {
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
		next = repeat
		if err := n.alertAll(ctx, r); err != nil {
			next, wait = wait, min(2*wait, longest)
		} else {
			wait = firstPause
		}
	}
}

// alertAll tells Alertmanager everything that it is to know.
func (n *Notifier) alertAll(ctx context.Context, r *receiver) error {
	n.mu.Lock()
	now := n.cfg.Clock()
	list, over := r.alerts.list(now)
	n.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	err := r.alert(ctx, list)
	if ctx.Err() != nil && err != nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tell(&r.queue.stats, err)
	if err != nil {
		r.queue.stats.Attempts++
		r.queue.stats.Problem = err.Error()
		return err
	}
	r.queue.stats.Sent += uint64(len(list))
	r.queue.stats.LastSent, r.queue.stats.Problem = now, ""
	r.alerts.over = r.alerts.over[min(over, len(r.alerts.over)):]
	return nil
}

// sleep waits, and tells whether ctx is still there.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
