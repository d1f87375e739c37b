// SPDX-License-Identifier: Apache-2.0

// A Go program that fills the memory of its container while one goroutine of it stays well and
// keeps writing a sign of life. Once the OOM killer is off and one thread sleeps for memory, the
// next garbage collection waits for that thread, and with it the whole program, for ever.
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

const mib = 1 << 20

func beat(name string) {
	for count := 1; ; count++ {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err == nil {
			file.WriteString(".")
			file.Close()
		}
		if count%20 == 0 {
			runtime.GC()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func main() {
	var kept [][]byte

	// The collector's threads are there before memory is scarce: a fork would only fail.
	for i := 0; i < 20; i++ {
		go func() {
			for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
			}
		}()
		runtime.GC()
	}
	go beat(os.Args[1])
	fmt.Println("leaking in Go")
	for {
		block := make([]byte, mib)
		for i := 0; i < mib; i += 4096 {
			block[i] = 1
		}
		kept = append(kept, block)
	}
}
