// Package chdb binds the C interface of libchdb, the ClickHouse engine as a
// shared library, without cgo.
//
// It loads the library when it is first opened, never at start-up, and turns
// results and errors into Go values. It will not pool connections, interpret
// SQL or protect the process: a crash inside the library ends the process, so
// it belongs in a child process (package engine).
package chdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"github.com/ebitengine/purego"
)

// EnvLibrary names the environment variable that gives the library's file.
const EnvLibrary = "HOTLINE_LIBCHDB"

// fileName is the library's name in every place it is looked for.
const fileName = "libchdb.so"

// ErrLibraryMissing says that no library file was found or that it could not
// be loaded; the error's text gives the command that installs it.
var ErrLibraryMissing = errors.New("the embedded ClickHouse engine (libchdb) is not installed: run `make setup`, or name the file in " + EnvLibrary)

// Find returns the path of the library: the explicit path when it is not
// empty, else the file named by the environment variable HOTLINE_LIBCHDB,
// else libchdb.so or lib/libchdb.so beside the executable, else the copy in
// the user's cache directory. The error wraps ErrLibraryMissing.
func Find(explicit string) (string, error) {
	if explicit != "" {
		return existing(explicit, "the configured path")
	}
	if path := os.Getenv(EnvLibrary); path != "" {
		return existing(path, EnvLibrary)
	}
	for _, path := range candidates() {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", ErrLibraryMissing
}

// CachePath is where `make setup` places the library for this user.
func CachePath() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache directory: %w", err)
	}
	return filepath.Join(cache, "hotline", "libchdb", fileName), nil
}

func candidates() []string {
	var paths []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		dir := filepath.Dir(exe)
		paths = append(paths, filepath.Join(dir, fileName), filepath.Join(dir, "lib", fileName))
	}
	if path, err := CachePath(); err == nil {
		paths = append(paths, path)
	}
	return paths
}

func existing(path, origin string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s names %s, which cannot be read (%w): %w", origin, path, err, ErrLibraryMissing)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s names %s, which is not a file: %w", origin, path, ErrLibraryMissing)
	}
	return path, nil
}

// Library is a loaded libchdb. It stays loaded until the process ends: the
// engine inside cannot be started twice in one process.
type Library struct {
	path string
	c    functions
}

// functions are the library's C functions, named as in its header without
// the chdb_ prefix. Sizes are size_t, handles opaque pointers.
type functions struct {
	version             func() string
	setSignalHandlers   func(enabled int32)
	connect             func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn           func(conn unsafe.Pointer)
	shutdown            func() int32
	queryWithParams     func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	streamQuery         func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	streamFetch         func(conn, stream unsafe.Pointer) unsafe.Pointer
	streamCancel        func(conn, stream unsafe.Pointer)
	streamInsert        func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	streamAppend        func(stream, data unsafe.Pointer, dataLen uintptr) int32
	streamDone          func(stream unsafe.Pointer) unsafe.Pointer
	streamCancelInsert  func(stream unsafe.Pointer)
	streamInsertError   func(stream unsafe.Pointer) string
	destroyInsertStream func(stream unsafe.Pointer)
	destroyResult       func(result unsafe.Pointer)
	resultBuffer        func(result unsafe.Pointer) unsafe.Pointer
	resultLength        func(result unsafe.Pointer) uintptr
	resultError         func(result unsafe.Pointer) string
	resultElapsed       func(result unsafe.Pointer) float64
	resultRowsRead      func(result unsafe.Pointer) uint64
	resultStorageRows   func(result unsafe.Pointer) uint64
	resultStorageBytes  func(result unsafe.Pointer) uint64
	resultRowsWritten   func(result unsafe.Pointer) uint64
	resultBytesWritten  func(result unsafe.Pointer) uint64
	classifyQuery       func(conn, sql unsafe.Pointer, sqlLen uintptr, database unsafe.Pointer, databaseLen uintptr, analysis unsafe.Pointer) int32
}

// Open loads the library. The error wraps ErrLibraryMissing when the file is
// not a usable library.
func Open(path string) (*Library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("loading %s (%w): %w", path, err, ErrLibraryMissing)
	}
	lib := &Library{path: path}
	for name, target := range map[string]any{
		"chdb_version":                     &lib.c.version,
		"chdb_set_signal_handlers_enabled": &lib.c.setSignalHandlers,
		"chdb_connect":                     &lib.c.connect,
		"chdb_close_conn":                  &lib.c.closeConn,
		"chdb_shutdown":                    &lib.c.shutdown,
		"chdb_query_with_params_n":         &lib.c.queryWithParams,
		"chdb_stream_query_with_params_n":  &lib.c.streamQuery,
		"chdb_stream_fetch_result":         &lib.c.streamFetch,
		"chdb_stream_cancel_query":         &lib.c.streamCancel,
		"chdb_stream_insert_with_params_n": &lib.c.streamInsert,
		"chdb_stream_append":               &lib.c.streamAppend,
		"chdb_stream_done":                 &lib.c.streamDone,
		"chdb_stream_cancel_insert":        &lib.c.streamCancelInsert,
		"chdb_stream_insert_error":         &lib.c.streamInsertError,
		"chdb_destroy_insert_stream":       &lib.c.destroyInsertStream,
		"chdb_destroy_query_result":        &lib.c.destroyResult,
		"chdb_result_buffer":               &lib.c.resultBuffer,
		"chdb_result_length":               &lib.c.resultLength,
		"chdb_result_error":                &lib.c.resultError,
		"chdb_result_elapsed":              &lib.c.resultElapsed,
		"chdb_result_rows_read":            &lib.c.resultRowsRead,
		"chdb_result_storage_rows_read":    &lib.c.resultStorageRows,
		"chdb_result_storage_bytes_read":   &lib.c.resultStorageBytes,
		"chdb_result_rows_written":         &lib.c.resultRowsWritten,
		"chdb_result_bytes_written":        &lib.c.resultBytesWritten,
		"chdb_classify_query_n":            &lib.c.classifyQuery,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("%s lacks the function %s, so it is of another version (%w): %w", path, name, err, ErrLibraryMissing)
		}
		purego.RegisterFunc(target, symbol)
	}
	// The Go runtime owns the process's signals.
	lib.c.setSignalHandlers(0)
	return lib, nil
}

// Version returns the engine's version, for example "26.7.3".
func (l *Library) Version() string { return l.c.version() }

// Path returns the file the library was loaded from.
func (l *Library) Path() string { return l.path }

// Shutdown stops the engine and joins its threads. Every connection must be
// closed before; afterwards the library cannot be used again in this process.
func (l *Library) Shutdown() error {
	if l.c.shutdown() != 0 {
		return errors.New("stopping the engine: a connection is still open or a thread did not stop")
	}
	return nil
}
