package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	ClassData   Class = "data"   // these values are refused
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
	}
	return ClassRetry // the network, in one of its many ways
}

// isConversion says whether the driver could not put a value into its column.
func isConversion(err error) bool {
	var op *clickhouse.OpError
	if errors.As(err, &op) {
		err = op.Err // which the driver's type does not unwrap
	}
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

// classOfCode knows ClickHouse's error codes: those that only a person can mend, and
// those that blame the values. All others pass or may pass, an exhausted disk, a lost
// replica and a fault of the server among them: a record must not be taken for a bad
// one because ClickHouse has a bad day.
func classOfCode(code int32) Class {
	switch code {
	case
		7,   // INCORRECT_NUMBER_OF_COLUMNS
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
		192, // UNKNOWN_USER
		193, // WRONG_PASSWORD
		194, // REQUIRED_PASSWORD
		195, // IP_ADDRESS_NOT_ALLOWED
		344, // SUPPORT_IS_DISABLED
		392, // QUERY_IS_PROHIBITED
		452, // SETTING_CONSTRAINT_VIOLATION
		471, // INVALID_SETTING_VALUE
		497, // ACCESS_DENIED
		516, // AUTHENTICATION_FAILED
		701: // CLUSTER_DOESNT_EXIST
		return ClassSchema
	case
		6,   // CANNOT_PARSE_TEXT
		25,  // CANNOT_PARSE_ESCAPE_SEQUENCE
		26,  // CANNOT_PARSE_QUOTED_STRING
		27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
		36,  // BAD_ARGUMENTS
		38,  // CANNOT_PARSE_DATE
		41,  // CANNOT_PARSE_DATETIME
		53,  // TYPE_MISMATCH
		69,  // ARGUMENT_OUT_OF_BOUND
		70,  // CANNOT_CONVERT_TYPE
		72,  // CANNOT_PARSE_NUMBER
		117, // INCORRECT_DATA
		128, // TOO_LARGE_ARRAY_SIZE
		131, // TOO_LARGE_STRING_SIZE
		190, // SIZES_OF_ARRAYS_DONT_MATCH
		248, // INVALID_PARTITION_VALUE
		321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
		349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
		407, // DECIMAL_OVERFLOW
		467, // CANNOT_PARSE_BOOL
		469, // VIOLATED_CONSTRAINT
		691: // UNKNOWN_ELEMENT_OF_ENUM
		return ClassData
	}
	return ClassRetry
}
