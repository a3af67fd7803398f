// Package notify takes the webhook of Alertmanager and tells people: robots of DingTalk
// (钉钉), Feishu (飞书) and WeCom (企业微信) groups, a gateway that sends short messages, and
// whatever else takes such a webhook. Closed networks reach little else than one or two
// addresses.
//
// A message that one channel has taken is not sent to it again when Alertmanager repeats
// the webhook because another channel has failed.
//
// It will not decide what is an alert, group or silence any: Prometheus and Alertmanager
// do. Addresses of robots are secrets; no error and no log shows them.
package notify
