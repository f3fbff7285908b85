// Command tessera measures transparency-dev/tessera on a POSIX log in FOLDER: entries of 500
// bytes, appended and integrated before the answer. Prints one JSON object.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func entry() *tessera.Entry {
	data := make([]byte, 500)
	_, err := rand.Read(data)
	check(err)
	return tessera.NewEntry(data)
}

func open(ctx context.Context, folder string, batch uint, age time.Duration) (tessera.AddFn, func()) {
	secret, _, err := note.GenerateKey(rand.Reader, "bench")
	check(err)
	signer, err := note.NewSigner(secret)
	check(err)
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	check(err)
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(batch, age).
		WithCheckpointInterval(100 * time.Millisecond)
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, options)
	check(err)
	return appender.Add, func() { check(shutdown(ctx)) }
}

func batches(ctx context.Context, add tessera.AddFn, count int) map[string]float64 {
	begun := time.Now()
	for range count / 1000 {
		var futures []tessera.IndexFuture
		for range 1000 {
			futures = append(futures, add(ctx, entry()))
		}
		for _, future := range futures {
			_, err := future()
			check(err)
		}
	}
	return map[string]float64{"per_s": float64(count) / time.Since(begun).Seconds()}
}

func singles(ctx context.Context, add tessera.AddFn, callers, count int) map[string]float64 {
	waits := make([][]time.Duration, callers)
	var group sync.WaitGroup
	begun := time.Now()
	for caller := range callers {
		group.Add(1)
		go func() {
			defer group.Done()
			for range count / callers {
				started := time.Now()
				_, err := add(ctx, entry())()
				check(err)
				waits[caller] = append(waits[caller], time.Since(started))
			}
		}()
	}
	group.Wait()
	wall := time.Since(begun).Seconds()
	all := slices.Concat(waits...)
	slices.Sort(all)
	return map[string]float64{
		"per_s":  float64(len(all)) / wall,
		"p50_ms": all[len(all)/2].Seconds() * 1e3,
		"p99_ms": all[len(all)*99/100].Seconds() * 1e3,
	}
}

func main() {
	ctx := context.Background()
	leaves, err := strconv.Atoi(os.Args[2])
	check(err)
	found := map[string]map[string]float64{}
	add, stop := open(ctx, os.Args[1]+"/batches", 1000, 10*time.Millisecond)
	found["batches_of_1000"] = batches(ctx, add, leaves)
	stop()
	add, stop = open(ctx, os.Args[1]+"/many", 100, 5*time.Millisecond)
	found["100_callers"] = singles(ctx, add, 100, leaves/2)
	stop()
	add, stop = open(ctx, os.Args[1]+"/one", 1, time.Millisecond)
	found["1_caller"] = singles(ctx, add, 1, 1000)
	stop()
	check(json.NewEncoder(os.Stdout).Encode(found))
}
