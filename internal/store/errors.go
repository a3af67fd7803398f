package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
)

// Class is what can be done about an error.
type Class string

// The classes.
const (
	ClassRetry  Class = "retry"  // passing, or the outcome is unknown: send the same again
	ClassSchema Class = "schema" // the tables or the login do not fit this program: a person must act
	ClassData   Class = "data"   // ClickHouse refuses these values
	ClassEnded  Class = "ended"  // the caller gave up
)

// Error is a failed statement.
type Error struct {
	Statement string // the store's name for it, as in the metrics
	Class     Class
	Err       error
}

func (e *Error) Error() string { return fmt.Sprintf("clickhouse: %s: %v", e.Statement, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// IsRetryable says whether the same statement may succeed later: the network, overload,
// a limit of time with unknown outcome. Whatever is not known to be the statement's
// own fault is retryable, so that nothing is dropped for a fault of the store.
func IsRetryable(err error) bool { return classOf(err) == ClassRetry }

// IsSchema says whether the tables, the migrations or the login do not fit.
func IsSchema(err error) bool { return classOf(err) == ClassSchema }

// IsData says whether ClickHouse refuses the values of an insert.
func IsData(err error) bool { return classOf(err) == ClassData }

func classOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return classify(err)
}

// limitError is the cause of a context that ended by the store's own limit.
type limitError struct{ limit time.Duration }

func (e *limitError) Error() string {
	return fmt.Sprintf("no answer within %v, the outcome is unknown", e.limit)
}

func classify(err error) Class {
	var limit *limitError
	var exception *clickhouse.Exception
	var status *clickhouse.HTTPError
	var network net.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errMigrations):
		return ClassSchema
	case errors.As(err, &limit), errors.Is(err, context.DeadlineExceeded):
		return ClassRetry
	case errors.Is(err, context.Canceled):
		return ClassEnded
	case errors.As(err, &exception):
		return classOfCode(exception.Code)
	case errors.As(err, &status):
		return classOfStatus(status.StatusCode)
	case isConversion(err):
		return ClassData
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, clickhouse.ErrAcquireConnTimeout):
		return ClassRetry
	}
	return ClassRetry
}

// isConversion says whether the driver could not put a value into its column.
func isConversion(err error) bool {
	var converter *column.ColumnConverterError
	var bad *column.Error
	return errors.As(err, &converter) || errors.As(err, &bad) || errors.Is(err, clickhouse.ErrBatchInvalid)
}

// classOfStatus is for HTTP answers that carry no exception: a proxy's, or those of an
// engine that is just starting.
func classOfStatus(status int) Class {
	switch {
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return ClassRetry
	case status == http.StatusRequestEntityTooLarge:
		return ClassData
	}
	return ClassSchema
}

// classOfCode knows ClickHouse's error codes. The lists name what passes by itself and
// what only a person can mend; the rest is the fault of the values.
func classOfCode(code int32) Class {
	switch code {
	case
		32,                    // ATTEMPT_TO_READ_AFTER_EOF: the connection was cut
		33,                    // CANNOT_READ_ALL_DATA
		74,                    // CANNOT_READ_FROM_FILE_DESCRIPTOR
		75,                    // CANNOT_WRITE_TO_FILE_DESCRIPTOR: the disk
		76,                    // CANNOT_OPEN_FILE: too many of them
		87,                    // CANNOT_FSYNC
		95,                    // CANNOT_READ_FROM_SOCKET
		96,                    // CANNOT_WRITE_TO_SOCKET
		159,                   // TIMEOUT_EXCEEDED
		160,                   // TOO_SLOW
		173,                   // CANNOT_ALLOCATE_MEMORY
		198,                   // DNS_ERROR
		201,                   // QUOTA_EXCEEDED
		202,                   // TOO_MANY_SIMULTANEOUS_QUERIES
		203,                   // NO_FREE_CONNECTION
		204,                   // CANNOT_FSYNC
		209,                   // SOCKET_TIMEOUT
		210,                   // NETWORK_ERROR
		225,                   // NO_ZOOKEEPER
		236,                   // ABORTED: it is shutting down
		241,                   // MEMORY_LIMIT_EXCEEDED
		242,                   // TABLE_IS_READ_ONLY
		243,                   // NOT_ENOUGH_SPACE
		252,                   // TOO_MANY_PARTS
		265,                   // CANNOT_LINK or its like while parts change
		279,                   // ALL_CONNECTION_TRIES_FAILED
		285,                   // TOO_FEW_LIVE_REPLICAS
		286,                   // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
		289,                   // REPLICA_IS_NOT_IN_QUORUM
		319,                   // UNKNOWN_STATUS_OF_INSERT
		373,                   // SESSION_IS_LOCKED
		394,                   // QUERY_WAS_CANCELLED: not by us, or the context had said so
		425,                   // SYSTEM_ERROR
		439,                   // CANNOT_SCHEDULE_TASK
		473,                   // DEADLOCK_AVOIDED
		478,                   // UNKNOWN_POLICY while a server starts
		499,                   // S3_ERROR
		517,                   // CANNOT_ASSIGN_ALTER
		658,                   // MEMORY_LIMIT by the operating system
		722,                   // ASYNC_LOAD_WAIT_FAILED
		733,                   // TABLE_IS_BEING_RESTARTED
		745,                   // SERVER_OVERLOADED
		999, 1000, 1001, 1002: // KEEPER_EXCEPTION; POCO, STD and UNKNOWN say nothing of the values
		return ClassRetry
	case
		8,   // THERE_IS_NO_COLUMN
		10,  // NOT_FOUND_COLUMN_IN_BLOCK
		16,  // NO_SUCH_COLUMN_IN_TABLE
		20,  // NUMBER_OF_COLUMNS_DOESNT_MATCH
		46,  // UNKNOWN_FUNCTION
		47,  // UNKNOWN_IDENTIFIER
		48,  // NOT_IMPLEMENTED
		50,  // UNKNOWN_TYPE
		60,  // UNKNOWN_TABLE
		62,  // SYNTAX_ERROR
		63,  // UNKNOWN_AGGREGATE_FUNCTION
		81,  // UNKNOWN_DATABASE
		115, // UNKNOWN_SETTING
		164, // READONLY
		170, // BAD_GET
		171, // BLOCKS_HAVE_DIFFERENT_STRUCTURE
		192, // UNKNOWN_USER
		193, // WRONG_PASSWORD
		194, // REQUIRED_PASSWORD
		195, // IP_ADDRESS_NOT_ALLOWED
		218, // TABLE_IS_DROPPED
		344, // SUPPORT_IS_DISABLED
		392, // QUERY_IS_PROHIBITED
		452, // SETTING_CONSTRAINT_VIOLATION
		497, // ACCESS_DENIED
		516, // AUTHENTICATION_FAILED
		701: // CLUSTER_DOESNT_EXIST
		return ClassSchema
	}
	return ClassData
}
