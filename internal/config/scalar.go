package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// parseText sets a scalar from its text, as an environment variable, a flag or
// a plain YAML scalar writes it.
func parseText(v reflect.Value, text, unit string) error {
	t := v.Type()
	switch {
	case isText(t):
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	case isDuration(t):
		d, err := parseDuration(text)
		if err != nil {
			return err
		}
		v.SetInt(int64(d))
		return nil
	case unit == "bytes":
		return parseBytes(v, text)
	}
	switch {
	case t.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil || len(text) == 1 {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, t.Bits())
		if err != nil {
			return numberError(text, err, fmt.Sprintf("between %d and %d", int64(-1)<<(t.Bits()-1), int64(math.MaxInt64)>>(64-t.Bits())))
		}
		v.SetInt(n)
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, t.Bits())
		if err != nil {
			return numberError(text, err, fmt.Sprintf("between 0 and %d", uint64(math.MaxUint64)>>(64-t.Bits())))
		}
		v.SetUint(n)
	case v.CanFloat():
		f, err := strconv.ParseFloat(text, t.Bits())
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%q is not a finite number", text)
		}
		v.SetFloat(f)
	case t.Kind() == reflect.String:
		v.SetString(text)
	default:
		return fmt.Errorf("%q cannot be read as %s", text, t)
	}
	return nil
}

func numberError(text string, err error, bounds string) error {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%q is out of range, want a whole number %s", text, bounds)
	}
	return fmt.Errorf("%q is not a whole number", text)
}

func parseDuration(text string) (time.Duration, error) {
	// Retention is thought of in days, which the standard library leaves out.
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseInt(days, 10, 32); err == nil && n <= int64(math.MaxInt64/(24*time.Hour)) && n >= 0 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration: write a number with its unit, as 200ms, 15s, 10m, 48h or 30d", text)
	}
	return d, nil
}

func parseBytes(v reflect.Value, text string) error {
	n, err := humanize.ParseBytes(text)
	if err != nil || text == "" || strings.ContainsAny(text, ",") {
		return fmt.Errorf("%q is not a size: write a number with its unit, as 512B, 64KiB or 16MiB (MB counts in thousands)", text)
	}
	limit := uint64(math.MaxUint64) >> (64 - v.Type().Bits())
	if v.CanInt() {
		limit >>= 1
	}
	if n > limit {
		return fmt.Errorf("%q is out of range, at most %s", text, formatBytes(limit))
	}
	if v.CanInt() {
		v.SetInt(int64(n))
	} else {
		v.SetUint(n)
	}
	return nil
}

// formatText is the inverse of parseText for every scalar but plain numbers
// and booleans, which write themselves.
func formatText(v reflect.Value, unit string) (string, error) {
	t := v.Type()
	switch {
	case isText(t):
		b, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		return string(b), err
	case isDuration(t):
		return formatDuration(time.Duration(v.Int())), nil
	case unit == "bytes" && v.CanInt() && v.Int() >= 0:
		return formatBytes(uint64(v.Int())), nil
	case unit == "bytes" && v.CanUint():
		return formatBytes(v.Uint()), nil
	}
	return fmt.Sprint(v.Interface()), nil
}

func formatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// formatBytes writes the largest unit that divides n, so that nothing is
// rounded: binary units where one fits, else thousands.
func formatBytes(n uint64) string {
	for _, system := range []struct {
		base  uint64
		units []string
	}{
		{1024, []string{"", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}},
		{1000, []string{"", "kB", "MB", "GB", "TB", "PB", "EB"}},
	} {
		rest, i := n, 0
		for rest > 0 && rest%system.base == 0 && i < len(system.units)-1 {
			rest /= system.base
			i++
		}
		if i > 0 {
			return strconv.FormatUint(rest, 10) + system.units[i]
		}
	}
	return strconv.FormatUint(n, 10) + "B"
}
