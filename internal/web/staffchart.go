package web

import (
	"math"
	"strconv"

	"hotline12333/internal/kpi"
)

// staffChart is a picture of a day's half hours, drawn here: it needs no script, and a
// printer takes it as it is. The upper part is calls with their ranges, the lower the seats.
type staffChart struct {
	Width, Height int
	Bars          []staffBar
	Calls, Seats  []staffLine // of the grid
	Floor         float64     // of the lower part
	Planned       string      // points of the line of those usually signed in; empty: not known
}

// staffBar is a half hour. Y grows downwards.
type staffBar struct {
	X, Width, Middle   float64
	Top, Tall          float64 // of the calls
	Low, High          float64 // of their range
	SeatsTop, SeatsIs  float64
	Seats, Name, Title string
	Label, Peak, Known bool
}

type staffLine struct {
	Y    float64
	Text string
}

// Sizes in units of the picture.
const (
	chartWidth  = 1000
	chartLeft   = 44
	callsTop    = 14
	callsBase   = 200
	seatsTop    = 236
	seatsBase   = 320
	chartHeight = 346
)

func newStaffChart(s *kpi.Staffing) *staffChart {
	n := len(s.HalfHours)
	if n == 0 {
		return nil
	}
	c := &staffChart{Width: chartWidth, Height: chartHeight, Floor: seatsBase}
	mostCalls, mostSeats := 1.0, 1.0
	for i := range s.HalfHours {
		h := &s.HalfHours[i]
		mostCalls = max(mostCalls, h.Calls.High)
		if h.Seats != nil {
			mostSeats = max(mostSeats, float64(*h.Seats))
		}
		if h.Planned != nil {
			mostSeats = max(mostSeats, *h.Planned)
		}
	}
	callsStep, seatsStep := niceStep(mostCalls, 4), niceStep(mostSeats, 2)
	callsScale := (callsBase - callsTop) / (callsStep * math.Ceil(mostCalls/callsStep))
	seatsScale := (seatsBase - seatsTop) / (seatsStep * math.Ceil(mostSeats/seatsStep))
	for at := 0.0; callsBase-at*callsScale >= callsTop-0.5; at += callsStep {
		c.Calls = append(c.Calls, staffLine{callsBase - at*callsScale, strconv.Itoa(int(at))})
	}
	for at := 0.0; seatsBase-at*seatsScale >= seatsTop-0.5; at += seatsStep {
		c.Seats = append(c.Seats, staffLine{seatsBase - at*seatsScale, strconv.Itoa(int(at))})
	}
	step := float64(chartWidth-chartLeft) / float64(n)
	every := 1 + (n-1)/12 // of the labels, so that they do not touch
	if every > 1 {
		every += every % 2 // whole hours
	}
	for i := range s.HalfHours {
		h := &s.HalfHours[i]
		x := chartLeft + step*float64(i)
		b := staffBar{X: x + step*0.14, Width: step * 0.72, Middle: x + step/2, Name: h.From.Format("15:04"), Label: i%every == 0, Peak: i == s.Peak, Known: h.Days > 0}
		b.Tall = h.Calls.Mean * callsScale
		b.Top = callsBase - b.Tall
		b.Low, b.High = callsBase-h.Calls.Low*callsScale, callsBase-h.Calls.High*callsScale
		b.Title = h.Name() + "  " + kpi.About(h.Calls.Mean) + " (" + h.Calls.Bounds() + ")"
		if h.Seats != nil && *h.Seats > 0 {
			b.Seats = strconv.Itoa(*h.Seats)
			b.SeatsIs = float64(*h.Seats) * seatsScale
			b.SeatsTop = seatsBase - b.SeatsIs
			b.Title += "  " + b.Seats
		}
		if h.Planned != nil {
			y := strconv.FormatFloat(seatsBase-*h.Planned*seatsScale, 'f', 1, 64)
			c.Planned += strconv.FormatFloat(x, 'f', 1, 64) + "," + y + " " + strconv.FormatFloat(x+step, 'f', 1, 64) + "," + y + " "
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}

// niceStep divides a height into about so many steps of 1, 2 or 5 times a power of ten, of
// whole ones.
func niceStep(most float64, steps int) float64 {
	rough := most / float64(steps)
	power := math.Pow(10, math.Floor(math.Log10(max(rough, 1))))
	for _, m := range []float64{1, 2, 5} {
		if rough <= m*power {
			return m * power
		}
	}
	return 10 * power
}
