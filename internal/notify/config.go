package notify

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// Config says where alerts are taken and whom they are told.
type Config struct {
	Listen       string        `yaml:"listen" doc:"Address that takes Alertmanager's webhook, at /alertmanager, as 127.0.0.1:8335; empty: none is taken."`
	AllowRemote  bool          `yaml:"allow_remote" doc:"Listen on an address that is not loopback. Whoever reaches it can send messages to the channels."`
	Alertmanager string        `yaml:"alertmanager" doc:"Address of Alertmanager, as http://127.0.0.1:9093, for hotline alert test; empty: only the channels below are tested. alarm.ca_file and alarm.token hold for it too."`
	Runbooks     string        `yaml:"runbooks" doc:"What is put before the path of a runbook in messages, as https://intranet.example.cn/hotline/; empty: the path alone."`
	Timeout      time.Duration `yaml:"timeout" doc:"Limit for one attempt to reach a channel."`
	Attempts     int           `yaml:"attempts" doc:"How often a channel is tried before Alertmanager is told that it failed."`

	DingTalk Robot `yaml:"dingtalk" doc:"Robot of a DingTalk (钉钉) group."`
	Feishu   Robot `yaml:"feishu" doc:"Robot of a Feishu (飞书) group."`
	WeCom    Robot `yaml:"wecom" doc:"Robot of a WeCom (企业微信) group."`
	SMS      SMS   `yaml:"sms" doc:"Gateway for short messages, by a form; only pages are sent, no warnings."`
	Webhook  Hook  `yaml:"webhook" doc:"Anything else that takes Alertmanager's webhook (version 4, JSON)."`
}

// Hook takes what Alertmanager would post.
type Hook struct {
	URL     string `yaml:"url" doc:"Address that is posted to; empty: there is none." secret:"true"`
	URLFile string `yaml:"url_file" doc:"File that holds the address."`
}

// Robot is the robot of a group.
type Robot struct {
	URL        string `yaml:"url" doc:"Address of the robot, which holds its access token; empty: there is none." secret:"true"`
	URLFile    string `yaml:"url_file" doc:"File that holds the address."`
	Secret     string `yaml:"secret" doc:"Secret that messages are signed with, where the robot asks for it (加签, 签名校验); WeCom knows none." secret:"true"`
	SecretFile string `yaml:"secret_file" doc:"File that holds the secret."`
}

// SMS is a gateway that takes a form with a number and a text.
type SMS struct {
	URL        string   `yaml:"url" doc:"Address of the gateway; empty: there is none." secret:"true"`
	URLFile    string   `yaml:"url_file" doc:"File that holds the address."`
	Phones     []string `yaml:"phones" doc:"Numbers of those on duty; one form is posted for each."`
	PhoneField string   `yaml:"phone_field" doc:"Name of the form's field for the number."`
	TextField  string   `yaml:"text_field" doc:"Name of the form's field for the text."`
}

// DefaultConfig takes nothing and tells nobody.
func DefaultConfig() Config {
	return Config{Timeout: 5 * time.Second, Attempts: 3, SMS: SMS{PhoneField: "mobile", TextField: "content"}}
}

// Validate names the first field that cannot work. No error shows an address of a robot.
func (c Config) Validate() error {
	if c.Listen != "" {
		host, _, err := net.SplitHostPort(c.Listen)
		if err != nil {
			return fmt.Errorf("listen: %q is not host:port: %w", c.Listen, err)
		}
		if ip, err := netip.ParseAddr(host); !c.AllowRemote && host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return fmt.Errorf("listen: %s can be reached from other machines, who could send messages to the channels; use 127.0.0.1, or set allow_remote", c.Listen)
		}
	}
	switch {
	case c.Timeout < time.Second || c.Timeout > time.Minute:
		return fmt.Errorf("timeout: %v is not between 1s and 1m", c.Timeout)
	case c.Attempts < 1 || c.Attempts > 10:
		return fmt.Errorf("attempts: %d is not between 1 and 10", c.Attempts)
	case c.SMS.URL != "" && len(c.SMS.Phones) == 0:
		return errors.New("sms.phones: nobody is named who gets short messages")
	case c.SMS.URL != "" && (c.SMS.PhoneField == "" || c.SMS.TextField == ""):
		return errors.New("sms.phone_field, sms.text_field: the gateway's form needs both names")
	}
	for _, a := range []struct{ field, address string }{
		{"alertmanager", c.Alertmanager},
		{"dingtalk.url", c.DingTalk.URL},
		{"feishu.url", c.Feishu.URL},
		{"wecom.url", c.WeCom.URL},
		{"sms.url", c.SMS.URL},
		{"webhook.url", c.Webhook.URL},
	} {
		if a.address == "" {
			continue
		}
		if u, err := url.Parse(a.address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("%s: it is no address that begins with http:// or https://", a.field)
		} else if a.field == "webhook.url" && c.Listen != "" && u.Host == c.Listen {
			return errors.New("webhook.url: it is listen itself: each message would be sent again for ever")
		}
	}
	return nil
}
