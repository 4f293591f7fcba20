package middleware

import (
	"io"
	"net/http"
	"sync/atomic"
)

// response counts what a handler answers. http.ResponseController reaches what is
// below by Unwrap: flushing, hijacking, deadlines.
type response struct {
	http.ResponseWriter
	status atomic.Int32
	bytes  atomic.Int64
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes the status that is final: informational ones (1xx) come before
// it, except that 101 ends HTTP.
func (w *response) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status.CompareAndSwap(0, int32(status))
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts what was written.
func (w *response) Write(p []byte) (int, error) {
	w.status.CompareAndSwap(0, http.StatusOK)
	n, err := w.ResponseWriter.Write(p)
	w.bytes.Add(int64(n))
	return n, err
}

// WriteString saves the copy that Write would take.
func (w *response) WriteString(s string) (int, error) {
	w.status.CompareAndSwap(0, http.StatusOK)
	n, err := io.WriteString(w.ResponseWriter, s)
	w.bytes.Add(int64(n))
	return n, err
}

// ReadFrom lets the server send a file by the kernel (sendfile), as it does
// without us.
func (w *response) ReadFrom(r io.Reader) (int64, error) {
	w.status.CompareAndSwap(0, http.StatusOK)
	n, err := io.Copy(w.ResponseWriter, r)
	w.bytes.Add(n)
	return n, err
}

// Flush is for handlers that ask for an http.Flusher; where the server has none it
// does nothing.
func (w *response) Flush() {
	w.status.CompareAndSwap(0, http.StatusOK)
	_ = http.NewResponseController(w.ResponseWriter).Flush() // that it isn't supported is no news to who would not ask
}

// code is the status that the client saw. A handler that never wrote answered 200
// (net/http); one that panicked before it wrote gave none, and its connection was
// closed.
func (w *response) code(panicked bool) int {
	if s := w.status.Load(); s != 0 {
		return int(s)
	}
	if panicked {
		return http.StatusInternalServerError
	}
	return http.StatusOK
}
