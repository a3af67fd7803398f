package engine

import (
	"errors"
	"fmt"
	"net/http"

	"hotline12333/internal/store/engine/chdb"
)

// Errors of starting the engine. Each comes with a sentence that says what to
// do.
var (
	// ErrLibraryMissing: libchdb is not installed or not loadable.
	ErrLibraryMissing = chdb.ErrLibraryMissing
	// ErrPortInUse: another process listens on the configured address.
	ErrPortInUse = errors.New("the port is in use")
	// ErrDirLocked: another process uses the data directory.
	ErrDirLocked = errors.New("the data directory is in use by another process")
	// ErrNewerData: the data was written by a newer engine.
	ErrNewerData = errors.New("the data was written by a newer engine")
)

// ClickHouse's error codes that the endpoint itself gives.
const (
	codeBadArguments       = 36
	codeNotImplemented     = 48
	codeSyntaxError        = 62
	codeUnknownQueryType   = 78
	codeReadonly           = 164
	codeUnknownUser        = 192
	codeTooManyQueries     = 202
	codeNetworkError       = 210
	codeQueryIDRunning     = 216
	codeAborted            = 236
	codeIntoOutfile        = 358
	codeQueryCancelled     = 394
	codeCannotDecompress   = 271
	codeCannotReadAllData  = 33
	codeAccessDenied       = 497
	codeAuthenticationFail = 516
)

var codeNames = map[int]string{
	codeBadArguments:       "BAD_ARGUMENTS",
	codeNotImplemented:     "NOT_IMPLEMENTED",
	codeSyntaxError:        "SYNTAX_ERROR",
	codeUnknownQueryType:   "UNKNOWN_TYPE_OF_QUERY",
	codeReadonly:           "READONLY",
	codeTooManyQueries:     "TOO_MANY_SIMULTANEOUS_QUERIES",
	codeNetworkError:       "NETWORK_ERROR",
	codeQueryIDRunning:     "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
	codeAborted:            "ABORTED",
	codeIntoOutfile:        "INTO_OUTFILE_NOT_ALLOWED",
	codeQueryCancelled:     "QUERY_WAS_CANCELLED",
	codeCannotDecompress:   "CANNOT_DECOMPRESS",
	codeCannotReadAllData:  "CANNOT_READ_ALL_DATA",
	codeAccessDenied:       "ACCESS_DENIED",
	codeAuthenticationFail: "AUTHENTICATION_FAILED",
}

// exception makes an error of the endpoint look like one of ClickHouse.
func exception(code int, format string, args ...any) *chdb.Error {
	text := fmt.Sprintf(format, args...)
	return &chdb.Error{Code: code, Message: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, text, codeNames[code])}
}

// asException gives every error ClickHouse's form.
func asException(err error) *chdb.Error {
	if e, ok := errors.AsType[*chdb.Error](err); ok {
		return e
	}
	return &chdb.Error{Code: chdb.CodeUnknown, Message: fmt.Sprintf("Code: %d. DB::Exception: %s. (UNKNOWN_EXCEPTION)", chdb.CodeUnknown, err)}
}

// httpStatus maps an error code to a status as ClickHouse's HTTP interface
// does.
func httpStatus(code int) int {
	switch code {
	case 194: // REQUIRED_PASSWORD
		return http.StatusUnauthorized
	case codeUnknownUser, 193, codeAuthenticationFail, 512, codeAccessDenied: // wrong user, password or role; access denied
		return http.StatusForbidden
	case codeBadArguments, 6, 8, 15, 25, 26, 27, 37, 38, 41, 44, 53, codeSyntaxError, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676:
		// bad arguments, text that does not parse, columns and types that do not fit
		return http.StatusBadRequest
	case 46, 47, 50, 56, 60, 63, 73, codeUnknownQueryType, 81, 115, 152, 336, 511: // something unknown
		return http.StatusNotFound
	case 229: // QUERY_IS_TOO_LARGE
		return http.StatusRequestEntityTooLarge
	case codeNotImplemented:
		return http.StatusNotImplemented
	case 209, 76, 439: // SOCKET_TIMEOUT, CANNOT_OPEN_FILE, CANNOT_SCHEDULE_TASK
		return http.StatusServiceUnavailable
	case 159: // TIMEOUT_EXCEEDED
		return http.StatusRequestTimeout
	case 779: // UNSUPPORTED_MEDIA_TYPE
		return http.StatusUnsupportedMediaType
	default:
		return http.StatusInternalServerError
	}
}
