package source

import (
	"time"

	"hotline12333/internal/strictyaml"
)

// ParseZone finds a time zone of the IANA database by its name, as "Asia/Shanghai".
// The zone of the machine ("Local") is refused: figures must not depend on it.
func ParseZone(name string) (*time.Location, error) { return strictyaml.ParseZone(name) }
