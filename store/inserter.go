package store

import (
	"context"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const (
	// batchNotices and batchBytes bound what one commit carries.
	batchNotices = 256
	batchBytes   = 8 << 20
	// flushTimeout bounds one commit; callers give up earlier by their context.
	flushTimeout = 30 * time.Second
)

// Inserter groups the notices of many callers into few commits: while a commit
// is under way the next callers queue up, and all who wait share the next one.
// A caller alone pays no delay.
type Inserter struct {
	save    func(context.Context, []NewNotice) ([]Saved, error)
	queue   chan *insertion // unbuffered: who is not yet in a batch can still leave
	closing chan struct{}
	closed  chan struct{}
	once    sync.Once
}

type insertion struct {
	notices []NewNotice
	saved   []Saved
	err     error
	done    chan struct{}
}

// NewInserter starts an Inserter that runs up to workers commits at a time.
func NewInserter(d *DB, workers int) *Inserter { return newInserter(d.SaveNotices, workers) }

func newInserter(save func(context.Context, []NewNotice) ([]Saved, error), workers int) *Inserter {
	in := &Inserter{
		save:    save,
		queue:   make(chan *insertion),
		closing: make(chan struct{}),
		closed:  make(chan struct{}),
	}
	var running sync.WaitGroup
	for range max(workers, 1) {
		running.Go(in.work)
	}
	go func() {
		running.Wait()
		close(in.closed)
	}()
	return in
}

// Save keeps the notices in one transaction, as DB.SaveNotices does, and
// returns after its commit. When ctx ends first the error is Transient, and the
// notices may or may not be stored: the provider's redelivery settles it. After
// Close it is Transient too.
func (in *Inserter) Save(ctx context.Context, notices ...NewNotice) ([]Saved, error) {
	const op = "store: save notices"
	select {
	case <-in.closing:
		return nil, dispute.Errorf(dispute.Transient, op, "the inserter is closed")
	default:
	}
	mine := &insertion{notices: notices, done: make(chan struct{})}
	select {
	case in.queue <- mine:
	case <-in.closed:
		return nil, dispute.Errorf(dispute.Transient, op, "the inserter is closed")
	case <-ctx.Done():
		return nil, wrap(op, context.Cause(ctx))
	}
	select {
	case <-mine.done:
		return mine.saved, mine.err
	case <-ctx.Done():
		return nil, wrap(op, context.Cause(ctx))
	}
}

// Close refuses new callers, saves what waits and returns when all is
// committed.
func (in *Inserter) Close() {
	in.once.Do(func() { close(in.closing) })
	<-in.closed
}

func (in *Inserter) work() {
	for {
		select {
		case first := <-in.queue:
			in.flush(in.gather(first))
		case <-in.closing:
			in.drain()
			return
		}
	}
}

func (in *Inserter) drain() {
	for {
		select {
		case first := <-in.queue:
			in.flush(in.gather(first))
		default:
			return
		}
	}
}

// gather adds to the first caller everybody who waits right now.
func (in *Inserter) gather(first *insertion) []*insertion {
	batch := []*insertion{first}
	count, size := first.size()
	for count < batchNotices && size < batchBytes {
		select {
		case next := <-in.queue:
			batch = append(batch, next)
			n, bytes := next.size()
			count, size = count+n, size+bytes
		default:
			return batch
		}
	}
	return batch
}

func (i *insertion) size() (notices, bytes int) {
	for _, n := range i.notices {
		bytes += len(n.Body) + len(n.Parsed)
	}
	return len(i.notices), bytes
}

// flush commits a batch and answers its callers. When the database refuses a
// value in it, each caller is tried alone, so that one poisoned notice does not
// take its neighbours down.
func (in *Inserter) flush(batch []*insertion) {
	err := in.commit(batch)
	if len(batch) > 1 && err != nil && dispute.KindOf(err) == dispute.Invalid {
		for i := range batch {
			in.flush(batch[i : i+1])
		}
		return
	}
	for _, one := range batch {
		one.err = err
		close(one.done)
	}
}

func (in *Inserter) commit(batch []*insertion) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	var all []NewNotice
	for _, one := range batch {
		all = append(all, one.notices...)
	}
	saved, err := in.save(ctx, all)
	if err != nil {
		return err
	}
	for _, one := range batch {
		one.saved, saved = saved[:len(one.notices):len(one.notices)], saved[len(one.notices):]
	}
	return nil
}
