package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana-tools/sdk"
)

// folderUID is that of our folder.
const folderUID = "hotline"

// The oldest Grafana whose panels understand what is sent.
const oldestMajor, oldestMinor = 9, 3

// Client speaks with one Grafana.
type Client struct {
	cfg     Config
	grafana *sdk.Client
}

// NewClient reads the token; it asks Grafana nothing. program is what stands in the
// history of the dashboards as having written them.
func NewClient(cfg Config, program string) (*Client, error) {
	token, err := cfg.token()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // a handful of requests, then the program ends
	c := &http.Client{
		Timeout:   cfg.Timeout,
		Transport: &guard{next: transport, folder: folderUID, message: "hotline " + program},
	}
	g, err := sdk.NewClient(strings.TrimSuffix(cfg.URL, "/"), token, c)
	if err != nil {
		return nil, fmt.Errorf("grafana.url: %w", err)
	}
	return &Client{cfg: cfg, grafana: g}, nil
}

// guarded calls the SDK; should it panic after all, that is an error of this call.
func guarded[T any](c *Client, what string, call func() (T, error)) (out T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: Grafana's answer cannot be understood (%v)", what, p)
		}
	}()
	if out, err = call(); err != nil {
		return out, c.explain(what, err)
	}
	return out, nil
}

// explain says what to do about an error, in one sentence.
func (c *Client) explain(what string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var answer *answerError
	if errors.As(err, &answer) {
		switch answer.Status {
		case http.StatusUnauthorized:
			return fmt.Errorf("%s: Grafana at %s does not accept the token: make a new one for a service account with the role Editor (%w)", what, c.cfg.URL, answer)
		case http.StatusForbidden:
			return fmt.Errorf("%s: the token may not do this in Grafana at %s: give its service account the role Editor (%w)", what, c.cfg.URL, answer)
		}
		return fmt.Errorf("%s: %w", what, answer)
	}
	var syntax *json.SyntaxError
	var form *json.UnmarshalTypeError
	if errors.As(err, &syntax) || errors.As(err, &form) {
		return fmt.Errorf("%s: Grafana's answer has another form than expected: %w", what, err)
	}
	var network *url.Error
	if errors.As(err, &network) {
		err = network.Err // without the address, which is said already
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return fmt.Errorf("%s: Grafana at %s has not answered within %v (grafana.timeout)", what, c.cfg.URL, c.cfg.Timeout)
		}
		return fmt.Errorf("%s: Grafana at %s cannot be reached: is it running, and is grafana.url right? (%w)", what, c.cfg.URL, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

var versionNumber = regexp.MustCompile(`^v?(\d+)\.(\d+)`)

// Version asks which Grafana it is; one that is too old is an error. It is empty where
// Grafana is set up not to tell.
func (c *Client) Version(ctx context.Context) (string, error) {
	const what = "asking for Grafana's version"
	health, err := guarded(c, what, func() (sdk.HealthResponse, error) { return c.grafana.GetHealth(ctx) })
	switch {
	case status(err) == http.StatusNotFound:
		return "", fmt.Errorf("%s: there is no Grafana at %s: set grafana.url to its address, with its path where it has one", what, c.cfg.URL)
	case err != nil:
		return "", err
	case health.Database == "":
		return "", fmt.Errorf("%s: what answers at %s is no Grafana: set grafana.url to its address, with its path where it has one", what, c.cfg.URL)
	case health.Version == "":
		return "", nil
	}
	m := versionNumber.FindStringSubmatch(health.Version)
	if m == nil {
		return "", fmt.Errorf("%s: %q is no version", what, oneLine(health.Version))
	}
	major, err1 := strconv.Atoi(m[1])
	minor, err2 := strconv.Atoi(m[2])
	if err := errors.Join(err1, err2); err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return "", fmt.Errorf("%s: Grafana at %s is version %s, too old: the dashboards need %d.%d or newer", what, c.cfg.URL, health.Version, oldestMajor, oldestMinor)
	}
	return health.Version, nil
}

// folder gives the title of our folder, empty when there is none.
func (c *Client) folder(ctx context.Context) (string, error) {
	f, err := guarded(c, "looking for the folder", func() (sdk.Folder, error) { return c.grafana.GetFolderByUID(ctx, folderUID) })
	if err != nil {
		return "", c.unlessAbsent(ctx, err, sdk.SearchTypeFolder, folderUID)
	}
	return f.Title, nil
}

// unlessAbsent gives the error of a reading, nil when it means that nothing has the uid.
// Grafana from 9 on answers an Editor "not allowed" for what is not there, as for what he
// may not see: its permissions are those of the folder the thing lies in, and there is
// none. The search lists what may be seen; what is in neither is taken for absent, and is
// not overwritten should it be there all the same, since storing it asks for no version.
func (c *Client) unlessAbsent(ctx context.Context, err error, kind sdk.SearchParamType, uid string) error {
	switch status(err) {
	case http.StatusNotFound:
		return nil
	case http.StatusForbidden:
	default:
		return err
	}
	list, searched := guarded(c, "searching", func() ([]sdk.FoundBoard, error) {
		return c.grafana.Search(ctx, sdk.SearchType(kind), func(v *url.Values) {
			v.Set("limit", "5000") // the most a page of it may hold
			if kind == sdk.SearchTypeDashboard {
				v.Set("dashboardUIDs", uid)
			}
		})
	})
	if searched != nil || slices.ContainsFunc(list, func(f sdk.FoundBoard) bool { return f.UID == uid }) {
		return err
	}
	return nil
}

// makeFolder makes our folder when it is not there.
func (c *Client) makeFolder(ctx context.Context) error {
	title, err := c.folder(ctx)
	if err != nil || title != "" {
		return err
	}
	what := fmt.Sprintf("making the folder %q", c.cfg.Folder)
	_, err = guarded(c, what, func() (sdk.Folder, error) {
		return c.grafana.CreateFolder(ctx, sdk.Folder{UID: folderUID, Title: c.cfg.Folder})
	})
	if s := status(err); s == http.StatusConflict || s == http.StatusPreconditionFailed {
		// Somebody was faster, or another folder has the title.
		if title, again := c.folder(ctx); again == nil && title != "" {
			return nil
		}
		return fmt.Errorf("%w; if a folder of that name exists, choose another in grafana.folder", err)
	}
	return err
}

// stored is a dashboard as it is in Grafana.
type stored struct {
	content object
	version int
	folder  string // uid; empty: in none
	at      string // who changed it last, and when
}

// get reads a dashboard; nil when there is none with the uid.
func (c *Client) get(ctx context.Context, uid string) (*stored, error) {
	type raw struct {
		text []byte
		meta sdk.BoardProperties
	}
	what := fmt.Sprintf("reading the dashboard %s", uid)
	r, err := guarded(c, what, func() (raw, error) {
		text, meta, err := c.grafana.GetRawDashboardByUID(ctx, uid)
		return raw{text, meta}, err
	})
	if err != nil {
		return nil, c.unlessAbsent(ctx, err, sdk.SearchTypeDashboard, uid)
	}
	s := &stored{version: r.meta.Version, folder: folderOf(r.meta.FolderURL)}
	if err := json.Unmarshal(r.text, &s.content); err != nil || s.content == nil {
		return nil, fmt.Errorf("%s: Grafana's answer holds no dashboard", what)
	}
	if !r.meta.Updated.IsZero() {
		s.at = r.meta.Updated.UTC().Format("2006-01-02 15:04:05Z")
		if r.meta.UpdatedBy != "" {
			s.at = r.meta.UpdatedBy + " " + s.at
		}
	}
	return s, nil
}

// folderOf finds the uid in the address of a folder, /dashboards/f/UID/NAME: of the
// properties the SDK gives, it is the only one that holds it.
func folderOf(address string) string {
	_, rest, found := strings.Cut(address, "/dashboards/f/")
	if !found {
		return ""
	}
	uid, _, _ := strings.Cut(rest, "/")
	return uid
}

// set stores a dashboard. Unless it is to overwrite whatever is there, it must be what was
// read as the given version, 0 for none.
func (c *Client) set(ctx context.Context, content object, version int, overwrite bool) error {
	sent := make(object, len(content)+1)
	for key, v := range content {
		sent[key] = v
	}
	sent["version"] = version
	text, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("storing the dashboard %v", content["uid"])
	_, err = guarded(c, what, func() (sdk.StatusMessage, error) {
		return c.grafana.SetRawDashboardWithParam(ctx, sdk.RawBoardRequest{
			Dashboard: text, Parameters: sdk.SetDashboardParams{Overwrite: overwrite},
		})
	})
	var answer *answerError
	if errors.As(err, &answer) {
		switch {
		case answer.Status == http.StatusPreconditionFailed && answer.Kind == "version-mismatch":
			return fmt.Errorf("%s: somebody has changed it at this moment: look at hotline dashboards diff, then push again", what)
		case answer.Status == http.StatusPreconditionFailed && answer.Kind == "name-exists":
			return fmt.Errorf("%s: the folder holds another dashboard titled %q: rename or remove that one", what, content["title"])
		case strings.Contains(answer.Message, "provisioned"):
			return fmt.Errorf("%s: Grafana reads it from a file, so it cannot be pushed: change the file, or take it out of the provisioning (%w)", what, answer)
		}
	}
	return err
}
