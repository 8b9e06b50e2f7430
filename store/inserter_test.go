package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestInserterManyCallers(t *testing.T) {
	t.Parallel()
	d := open(t)
	in := NewInserter(d, 2)
	const distinct, deliveries = 500, 2
	var fresh [distinct]atomic.Int32
	var group sync.WaitGroup
	for i := range distinct * deliveries {
		group.Go(func() {
			n := i % distinct
			saved, err := in.Save(t.Context(), newNotice(fmt.Sprint("evt_", n)))
			switch {
			case err != nil:
				t.Error(err)
			case len(saved) != 1 || saved[0].ID == 0:
				t.Errorf("saved = %v", saved)
			case saved[0].Fresh:
				fresh[n].Add(1)
			}
		})
	}
	group.Wait()
	in.Close()
	for n := range fresh {
		if got := fresh[n].Load(); got != 1 {
			t.Errorf("evt_%d was fresh %d times", n, got)
		}
	}
	if lag := must[Lag](t)(d.InboxLag(t.Context())); lag.Pending != distinct {
		t.Errorf("%d stored, want %d", lag.Pending, distinct)
	}
}

func TestInserterPoison(t *testing.T) {
	t.Parallel()
	d := open(t)
	gate := make(chan struct{})
	in := newInserter(func(ctx context.Context, n []NewNotice) ([]Saved, error) {
		<-gate
		return d.SaveNotices(ctx, n)
	}, 1)
	poison := newNotice("poison")
	poison.State = "odd"
	results := make(chan error)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			n := newNotice(fmt.Sprint("evt_", i))
			if i == 7 {
				n = poison
			}
			_, err := in.Save(t.Context(), n)
			results <- err
		})
	}
	close(gate)
	refused := 0
	for range 20 {
		if err := <-results; err != nil {
			wantKind(t, err, dispute.Invalid)
			refused++
		}
	}
	group.Wait()
	in.Close()
	if lag := must[Lag](t)(d.InboxLag(t.Context())); lag.Pending != 19 || refused != 1 {
		t.Errorf("%d stored and %d refused, want 19 and 1", lag.Pending, refused)
	}
}

// slowSave is a database whose commits end when the test says so.
type slowSave struct {
	begun   chan int // the size of each batch
	release chan error
}

func (s slowSave) save(_ context.Context, n []NewNotice) ([]Saved, error) {
	s.begun <- len(n)
	err := <-s.release
	saved := make([]Saved, len(n))
	for i := range n {
		saved[i] = Saved{ID: int64(len(n[i].EventID)), Fresh: true}
	}
	return saved, err
}

func TestInserterGroups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := slowSave{make(chan int), make(chan error)}
		in := newInserter(slow.save, 1)
		answers := make(chan string, 400)
		call := func(events ...string) {
			var notices []NewNotice
			for _, e := range events {
				notices = append(notices, NewNotice{EventID: e})
			}
			go func() {
				saved, err := in.Save(t.Context(), notices...)
				answers <- fmt.Sprint(saved, err)
			}()
		}
		commit := func(want int) {
			t.Helper()
			if got := <-slow.begun; got != want {
				t.Errorf("batch of %d, want %d", got, want)
			}
		}

		call("1")
		commit(1) // alone, and without waiting for company
		call("22", "333")
		for range 299 {
			call("4444")
		}
		synctest.Wait()
		if len(answers) != 0 {
			t.Error("somebody was answered before the commit")
		}
		slow.release <- nil
		commit(batchNotices) // all who waited, up to the limit
		if got, want := <-answers, "[{1 true}] <nil>"; got != want {
			t.Errorf("answer = %s, want %s", got, want)
		}
		slow.release <- nil
		commit(301 - batchNotices)
		slow.release <- nil
		in.Close()
		seen := map[string]int{}
		for range 300 {
			seen[<-answers]++
		}
		if seen["[{2 true} {3 true}] <nil>"] != 1 || seen["[{4 true}] <nil>"] != 299 {
			t.Errorf("answers = %v", seen)
		}
	})
}

func TestInserterContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := slowSave{make(chan int), make(chan error)}
		in := newInserter(slow.save, 1)
		failed := make(chan error)
		leave := func(event string) context.CancelFunc {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				_, err := in.Save(ctx, NewNotice{EventID: event})
				failed <- err
			}()
			return cancel
		}
		leaveCommit := leave("a")
		<-slow.begun
		leaveQueue := leave("b")
		synctest.Wait()

		for _, cancel := range []context.CancelFunc{leaveQueue, leaveCommit} {
			cancel()
			err := <-failed
			wantKind(t, err, dispute.Transient)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error = %v", err)
			}
		}
		slow.release <- nil
		in.Close() // nobody is left: b must not be in a batch
	})
}

func TestInserterCloseDrains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := slowSave{make(chan int), make(chan error)}
		in := newInserter(slow.save, 1)
		results := make(chan error, 3)
		save := func(event string) {
			_, err := in.Save(t.Context(), NewNotice{EventID: event})
			results <- err
		}
		go save("a")
		<-slow.begun // a is a batch of its own; b and c wait for it
		go save("b")
		go save("c")
		synctest.Wait()
		closed := make(chan struct{})
		go func() { in.Close(); close(closed) }()
		synctest.Wait()
		_, err := in.Save(t.Context(), NewNotice{EventID: "late"})
		wantKind(t, err, dispute.Transient)

		slow.release <- nil
		<-slow.begun // those who waited before Close
		select {
		case <-closed:
			t.Error("closed before all was committed")
		default:
		}
		slow.release <- errors.New("away")
		<-closed
		in.Close() // twice is fine
		lost := 0
		for range 3 {
			if <-results != nil {
				lost++
			}
		}
		if lost != 2 {
			t.Errorf("%d callers were told of the failed commit, want its 2", lost)
		}
	})
}
