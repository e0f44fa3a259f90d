// A TCP proxy that makes loopback behave like a longer way: a round trip takes its time, a connection has a bandwidth of its own, and only so
// much of it is under way at once. The kernel's netem does that better, where it is to be had.
//
// The whole round trip is put on the way back, where the bytes are; what a client sends first waits as long as connecting would have taken.
// It prints its address, and ends when its standard input does.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const pieceBytes = 64 << 10

var pieces = sync.Pool{New: func() any { return make([]byte, pieceBytes) }}

type way struct {
	target    string
	roundTrip time.Duration
	// Bytes a second of one connection; 0 for no limit.
	rate int
	// Bytes of one connection that are under way at once.
	window int
}

type piece struct {
	bytes []byte
	due   time.Time
}

func main() {
	var w way
	flag.StringVar(&w.target, "target", "", "host:port to connect to")
	flag.DurationVar(&w.roundTrip, "round-trip", 0, "time from a request to its answer")
	flag.IntVar(&w.rate, "rate", 0, "bytes a second of one connection, 0 for no limit")
	flag.IntVar(&w.window, "window", 4<<20, "bytes of one connection that are under way at once")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		client, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go w.serve(client.(*net.TCPConn))
	}
}

func (w way) serve(client *net.TCPConn) {
	defer client.Close()
	server, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	defer server.Close()
	back := make(chan struct{})
	go func() {
		w.bringBack(client, server.(*net.TCPConn))
		close(back)
	}()
	time.Sleep(w.roundTrip)
	_, err = io.Copy(server, client)
	if err == nil && server.(*net.TCPConn).CloseWrite() == nil {
		<-back
	}
}

// Reads what the server sends as far as the window allows, and passes each piece on when it is due.
func (w way) bringBack(client, server *net.TCPConn) {
	queue := make(chan piece, w.window/1024)
	free := newWindow(w.window)
	go func() {
		defer close(queue)
		lineFree := time.Now()
		for {
			bytes := pieces.Get().([]byte)
			n, err := server.Read(bytes)
			if n > 0 {
				now := time.Now()
				if lineFree.Before(now) {
					lineFree = now
				}
				if w.rate > 0 {
					lineFree = lineFree.Add(time.Duration(float64(n) / float64(w.rate) * float64(time.Second)))
				}
				free.take(n)
				queue <- piece{bytes[:n], lineFree.Add(w.roundTrip)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range queue {
		time.Sleep(time.Until(p.due))
		if _, err := client.Write(p.bytes); err != nil {
			// The reader above ends with its connection.
			server.Close()
		}
		free.give(len(p.bytes))
		pieces.Put(p.bytes[:pieceBytes])
	}
	_ = client.CloseWrite()
}

type window struct {
	mutex sync.Mutex
	room  *sync.Cond
	left  int
}

func newWindow(bytes int) *window {
	w := &window{left: bytes}
	w.room = sync.NewCond(&w.mutex)
	return w
}

func (w *window) take(bytes int) {
	w.mutex.Lock()
	for w.left < bytes {
		w.room.Wait()
	}
	w.left -= bytes
	w.mutex.Unlock()
}

func (w *window) give(bytes int) {
	w.mutex.Lock()
	w.left += bytes
	w.mutex.Unlock()
	w.room.Signal()
}
