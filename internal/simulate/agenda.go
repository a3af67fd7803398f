package simulate

// kind is what happens.
type kind uint8

const (
	dayBegins kind = iota
	callerArrives
	callerRedials
	menuEnds
	messageEnds
	patienceEnds
	waitLimit
	ringEnds
	talkEnds
	wrapupEnds
	shiftBegins
	shiftEnds
	breakBegins
	pauseEnds
	serviceEnds // and the overtime after it
	overflows
	callbackOffered
	callbackDue
	outboundDue
	dialEnds
	ticketDue
	outageBegins
	outageEnds
)

// event is something that will happen. One whose stage is no longer that of its call or
// agent has been overtaken and does nothing.
type event struct {
	at     int64 // milliseconds since 1970
	seq    uint64
	kind   kind
	stage  uint32
	call   *call
	agent  *agent
	ticket *ticket
	n      int64 // a length: of breakBegins and ringEnds; of outageBegins which
}

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.seq < o.seq
}

// agenda is a binary heap of what will happen; what was noted first comes first at equal
// times, so that the order is always the same.
type agenda struct {
	heap []event
	seq  uint64
}

func (a *agenda) add(e event) {
	a.seq++
	e.seq = a.seq
	a.heap = append(a.heap, e)
	i := len(a.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !a.heap[i].before(&a.heap[up]) {
			break
		}
		a.heap[i], a.heap[up] = a.heap[up], a.heap[i]
		i = up
	}
}

// next is the time of the next event.
func (a *agenda) next() (at int64, ok bool) {
	if len(a.heap) == 0 {
		return 0, false
	}
	return a.heap[0].at, true
}

func (a *agenda) take() event {
	first := a.heap[0]
	last := len(a.heap) - 1
	a.heap[0], a.heap[last] = a.heap[last], event{}
	a.heap = a.heap[:last]
	for i := 0; ; {
		low := 2*i + 1
		if low >= last {
			break
		}
		if low+1 < last && a.heap[low+1].before(&a.heap[low]) {
			low++
		}
		if !a.heap[low].before(&a.heap[i]) {
			break
		}
		a.heap[i], a.heap[low] = a.heap[low], a.heap[i]
		i = low
	}
	return first
}
