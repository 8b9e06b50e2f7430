// Command record plays disputes on a private stack and keeps the histories of
// their workflows, against which every later build is replayed:
//
//	go run ./test/record -version v0.1.0
//
// It is a step of a release and runs from the released code. What is recorded
// once is never written again: running cases have such histories.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// patience bounds a recording.
const patience = 4 * time.Minute

func main() {
	version := flag.String("version", "", "the release that is recorded, as in git describe")
	dir := flag.String("dir", filepath.Join("workflows", "testdata", "replay"), "where the recordings of all releases are")
	day := flag.Duration("day", 3*time.Second, "how long a policy day lasts")
	work := flag.String("work", "", "only work, with this configuration: the recorder calls itself so, to have a worker that it can kill")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *work != "" {
		err = runWorker(ctx, *work)
	} else {
		err = run(ctx, *version, *dir, *day)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

var versions = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]*$`)

func run(ctx context.Context, version, dir string, day time.Duration) error {
	target := filepath.Join(dir, version)
	if err := free(version, target); err != nil {
		return err
	}
	began := time.Now()
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	takes, err := perform(ctx, day)
	if err != nil {
		return err
	}
	n, size, err := keep(takes, dir, target)
	if err != nil {
		return err
	}
	say("%d histories, %d KB, in %s; %s", n, size>>10, target, time.Since(began).Round(time.Second))
	return nil
}

// free reports whether a version may be recorded.
func free(version, target string) error {
	switch _, err := os.Stat(target); {
	case !versions.MatchString(version):
		return fmt.Errorf("%q is no version: -version v1.2.3", version)
	case strings.HasSuffix(version, "-dirty"):
		return fmt.Errorf("%s is not what was released: commit first, or name the -version", version)
	case err == nil:
		return fmt.Errorf("%s is recorded already, and a recording is never written again", target)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	return nil
}

func say(format string, args ...any) { fmt.Printf("    "+format+"\n", args...) }
