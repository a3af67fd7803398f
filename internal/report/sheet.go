package report

// A sheet is one sheet of the workbook and one chapter of the printable form: what stands
// there in the words of a language, before any renderer gives it a look. All renderers
// print the same sheets, so that they cannot differ in what they say.
type sheet struct {
	id        string // stable: an anchor in pages, a key elsewhere
	tab       string // short name, on the sheet's tab
	title     string
	lead      []string // lines between title and first part
	parts     []part
	landscape bool
	signed    []string // who signs at the foot
	draft     bool     // say so on every page
}

// part is a table, or lines of text, with what belongs to it.
type part struct {
	heading string
	columns []column
	bare    bool // no head: the columns only give widths
	rows    [][]cell
	notes   []string // below
	chart   *chart
	heat    bool // the body is coloured by its numbers
	apart   bool // begins a page when printed
}

// column of a part.
type column struct {
	title string
	over  string  // the title of neighbouring columns together, above theirs
	width float64 // in characters of the body's size; a Chinese one counts two
	joins bool    // equal cells below each other are shown as one
	align align
}

type align uint8

const (
	alignAuto align = iota // numbers to the right, text to the left
	alignCentre
	alignLeft
)

// tone says how a cell should strike the eye.
type tone uint8

const (
	toneNone tone = iota
	toneMet
	toneNear
	toneMissed
	toneWeak  // no figure: why
	toneLabel // the name of what stands beside it
)

// cell of a table. A number is what a workbook calculates with: it is already cut to what
// is shown, so that no program's rounding makes a missed target look met.
type cell struct {
	text     string
	number   *float64
	format   format
	decimals int // of formatFixed
	tone     tone
	bold     bool
	span     int  // columns it takes; 0 is one, restOfRow all that are left
	down     int  // rows it takes; 0 is one
	covered  bool // by a cell above that takes more rows
	tall     int  // lines of text it should have room for at least
	align    align
	trace    Trace  // the figure that it is; none: it is no figure of calls
	title    string // what the link to it says, where it is not the figure itself
}

const restOfRow = -1

// format is how a number is shown.
type format uint8

const (
	formatText    format = iota
	formatCount          // 12,345
	formatPercent        // 82.99%
	formatTwo            // 40.77
	formatPlain          // as many decimals as there are
	formatFixed          // as many as the cell says
	formatExact          // every digit, for other programs
)

// chart shows how values run along their labels.
type chart struct {
	title  string
	labels []string
	series []series
	share  bool // the values are shares of one
}

// series is one line or row of bars of a chart.
type series struct {
	name   string
	values []*float64 // nil: none, and no point at zero
	bars   bool       // else a line
	target bool       // what should be reached
}
