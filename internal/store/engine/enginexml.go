package engine

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// The engine's own configuration, rendered as the XML files it reads. It is
// always given explicitly: without it libchdb would pick up a config.xml from
// the working directory or the user's home.

type engineXML struct {
	XMLName              xml.Name     `xml:"clickhouse"`
	MergeTree            mergeTreeXML `xml:"merge_tree"`
	FsyncMetadata        int          `xml:"fsync_metadata"`
	MaxServerMemoryUsage int64        `xml:"max_server_memory_usage,omitempty"`
	MemoryRatio          string       `xml:"max_server_memory_usage_to_ram_ratio,omitempty"`
	MemoryWorkerPeriod   int          `xml:"memory_worker_period_ms"`
	MarkCacheSize        int64        `xml:"mark_cache_size"`
	PrimaryCacheSize     int64        `xml:"primary_index_cache_size"`
	UsersConfig          string       `xml:"users_config"`
	Backups              backupsXML   `xml:"backups"`
}

type mergeTreeXML struct {
	FsyncAfterInsert   int `xml:"fsync_after_insert"`
	FsyncPartDirectory int `xml:"fsync_part_directory"`
}

type backupsXML struct {
	AllowedPath string `xml:"allowed_path"`
}

type usersXML struct {
	XMLName  xml.Name   `xml:"clickhouse"`
	Profile  profileXML `xml:"profiles>default"`
	User     userXML    `xml:"users>default"`
	QuotaAny xmlNothing `xml:"quotas>default"`
}

type xmlNothing struct{}

type profileXML struct {
	Settings []settingXML
}

type settingXML struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

type userXML struct {
	Password string   `xml:"password"`
	Network  string   `xml:"networks>ip"`
	Profile  string   `xml:"profile"`
	Quota    string   `xml:"quota"`
	Grants   []string `xml:"grants>query"`
}

// cacheBytes bounds the caches of marks and primary keys, each.
const cacheBytes = 256 << 20

// profile holds the session settings every statement starts with.
func profile(cfg ServeConfig) [][2]string {
	settings := [][2]string{
		// An acknowledged insert is on disk, not in a queue.
		{"async_insert", "0"},
		// libchdb's defaults for command-line use, set back to a server's.
		{"implicit_select", "0"},
		{"allow_introspection_functions", "0"},
	}
	if cfg.Threads > 0 {
		settings = append(settings, [2]string{"max_threads", strconv.Itoa(cfg.Threads)})
	}
	return settings
}

// writeEngineConfig writes the engine's files into dir and returns the path
// of the main one.
func writeEngineConfig(dir string, cfg ServeConfig) (string, error) {
	users := usersXML{User: userXML{
		Network: "::/0", Profile: "default", Quota: "default",
		// Reading and writing files, URLs and other servers is revoked:
		// whoever reaches the port must not get at the user's files.
		Grants: []string{
			"GRANT ALL ON *.*", "REVOKE SOURCES ON *.*",
			"REVOKE TABLE ENGINE ON File", "REVOKE TABLE ENGINE ON Executable", "REVOKE TABLE ENGINE ON ExecutablePool",
			"REVOKE SYSTEM SHUTDOWN ON *.*",
		},
	}}
	for _, s := range profile(cfg) {
		users.Profile.Settings = append(users.Profile.Settings, settingXML{XMLName: xml.Name{Local: s[0]}, Value: s[1]})
	}
	main := engineXML{
		// Defaults for every MergeTree table without its own value: an
		// acknowledged insert survives a power loss.
		MergeTree:            mergeTreeXML{FsyncAfterInsert: 1, FsyncPartDirectory: 1},
		FsyncMetadata:        1,
		MaxServerMemoryUsage: cfg.MemoryLimitBytes,
		// The default of 50 ms costs an idle machine several percent of a core.
		MemoryWorkerPeriod: 500,
		MarkCacheSize:      cacheBytes,
		PrimaryCacheSize:   cacheBytes,
		UsersConfig:        filepath.Join(dir, "users.xml"),
		Backups:            backupsXML{AllowedPath: cfg.BackupDir},
	}
	if cfg.MemoryLimitBytes == 0 {
		main.MemoryRatio = "0.5"
	}
	if err := writeXML(main.UsersConfig, users); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "engine.xml")
	return path, writeXML(path, main)
}

func writeXML(path string, v any) error {
	data, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("rendering %s: %w", path, err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the engine's configuration: %w", err)
	}
	return nil
}
