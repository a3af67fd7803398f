package strictyaml

import (
	"fmt"
	"time"
)

// ParseZone finds a time zone of the IANA database by its name, as "Asia/Shanghai".
// The zone of the machine ("Local") is refused: figures must not depend on it.
func ParseZone(name string) (*time.Location, error) {
	switch name {
	case "":
		return nil, fmt.Errorf("the time zone is empty: give one, as Asia/Shanghai")
	case "Local":
		return nil, fmt.Errorf("time zone Local means another time on every machine: give a name, as Asia/Shanghai")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known%s: it is written as Asia/Shanghai", name, Meant(name, commonZones()))
	}
	return zone, nil
}

// commonZones are offered where a name is nearly right; every other zone works too.
func commonZones() []string {
	return []string{
		"Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei", "Asia/Singapore",
		"Asia/Tokyo", "Asia/Seoul", "Asia/Kolkata", "Asia/Dubai", "Asia/Jerusalem", "UTC",
		"Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Moscow", "Europe/Istanbul",
		"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo",
		"Australia/Sydney", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos",
	}
}

// Zone reads the name of a time zone; of a wrong one UTC is given.
func (n Node) Zone() *time.Location {
	zone, err := ParseZone(n.Text())
	if err != nil {
		n.Fail("%v", err)
		return time.UTC
	}
	return zone
}
