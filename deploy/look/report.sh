#!/usr/bin/env bash
# Makes reports as a centre would, prints them with LibreOffice and Chromium and writes every
# page as a picture, to be looked at: report.sh HOTLINE OUT [CALLS]. CALLS is a file of the
# anonymous-bank data set; without it only the simulated year is shown.
set -euo pipefail

hotline=$(realpath "$1") out=$2 calls=${3:-}
for tool in soffice pdftoppm chromium; do
	command -v "$tool" >/dev/null || {
		echo "report-look: $tool is missing (Debian: apt-get install libreoffice-calc libreoffice-writer poppler-utils fonts-noto-cjk chromium)" >&2
		exit 1
	}
done
mkdir -p "$out"
work=$(mktemp -d) up=
cleanup() {
	[[ -z $up ]] || { kill "$up" && wait "$up"; } || true
	rm -rf "$work"
}
trap cleanup EXIT

# pages NAME-EXTENSION writes the pages of $work/NAME-EXTENSION.pdf to OUT.
pages() {
	rm -f "$out/$1"-*.png
	pdftoppm -r 80 -png "$work/$1.pdf" "$out/$1"
	echo "$1: $(find "$out" -name "$1-*.png" | wc -l) pages"
}

# show FILE writes the pages of OUT/FILE as its program prints them; of a page for a browser
# also what a wide screen shows of it.
show() {
	local name=${1/./-}
	if [[ $1 == *.html ]]; then
		local browser=(chromium --headless --no-sandbox --disable-gpu "--user-data-dir=$work/chromium" --hide-scrollbars)
		"${browser[@]}" --no-pdf-header-footer "--print-to-pdf=$work/$name.pdf" "file://$(realpath "$out/$1")" >/dev/null 2>&1
		"${browser[@]}" --window-size=1600,4000 "--screenshot=$(realpath "$out")/screen-$name.png" "file://$(realpath "$out/$1")" >/dev/null 2>&1
	else
		soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to pdf --outdir "$work" "$out/$1" >/dev/null 2>&1
		mv "$work/${1%.*}.pdf" "$work/$name.pdf"
	fi
	pages "$name"
}

port() { # a free one
	local n
	while n=$((20000 + RANDOM % 12000)) && (: <"/dev/tcp/127.0.0.1/$n") 2>/dev/null; do :; done
	echo "127.0.0.1:$n"
}

# A centre of its own: the simulated year up to the middle of November, what people enter
# beside it, and the first quarter closed.
broker=$(port) engine=$(port)
centre=("$hotline" --set "data.dir=$work/data" --set "embedded_broker.listen=$broker" --set "broker.addresses=$broker"
	--set "engine.listen=$engine" --set "store.address=$engine" --set "web.listen=$(port)" --set "intake.http.listen=$(port)"
	--set rules.calendar=cn-2026)
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/etc
"${centre[@]}" up >"$work/up.log" 2>&1 &
up=$!
until grep -q "The board is at" "$work/up.log"; do
	kill -0 "$up" || { cat "$work/up.log" >&2; exit 1; }
	sleep 0.2
done
"$hotline" simulate --tickets --from 2026-01-01 --to 2026-11-16 --format generic-csv --out "$work/year" 2>/dev/null
"${centre[@]}" import "$work"/year/calls.* --source generic-csv >/dev/null 2>&1
"${centre[@]}" import "$work/year/tickets.ndjson" --source hotline-tickets >/dev/null 2>&1
enter() { "${centre[@]}" enter "$@" --by 王芳 >/dev/null; }
enter policy_awareness --period 2026 --value 96.5 --evidence "2026年知晓率问卷报告（咸人社卡〔2026〕18号）"
enter service_continuity --period 2026 --score 90 --reason "网点覆盖全部县区" --evidence "网点台账"
enter office_cost --period 2026 --not-applicable --reason "已并入一般公用经费" --reviewer 赵六 --evidence "财政批复"
enter budget_execution_13 --period 2026 --executed 23 --adjusted 24 --evidence "11月决算月报"
enter answer_rate --period 2026Q3 --cause "8月中旬中继线路故障，9月两名坐席离岗" --measures "增设备用中继；补充坐席并完成培训" --category 硬件
enter response_timeliness --period 2026Q3 --cause "养老待遇资格认证集中办理，上午来电集中" --measures "错峰排班，增加上午在岗坐席"
"${centre[@]}" outages add --from "2026-08-17T09:00:00+08:00" --to "2026-08-17T11:30:00+08:00" --cause "运营商中继故障" --evidence "工单20260817" --by 李强 >/dev/null || true
accept=()
for item in days_without_data open_calls open_tickets missing_values missing_reasons unconfirmed_definitions; do
	accept+=(--accept "$item=见年度说明")
done
"${centre[@]}" report close --period 2026Q1 --preparer 王芳 --reviewer 李强 --head 赵敏 "${accept[@]}" >/dev/null
for lang in zh en; do
	for format in xlsx docx html; do
		"${centre[@]}" report --period 2026Q3 --lang $lang --out "$out/q3-$lang.$format"
		show "q3-$lang.$format"
	done
	"${centre[@]}" report --period 2026 --lang $lang --out "$out/year-$lang.xlsx"
	show "year-$lang.xlsx"
	"${centre[@]}" report show --period 2026Q1 --lang $lang --out "$out/sealed-$lang.docx" >/dev/null
	show "sealed-$lang.docx"
done
"${centre[@]}" report --period 2026-12 --out "$out/empty-zh.xlsx"
show empty-zh.xlsx

if [[ -n $calls ]]; then
	for lang in zh en; do
		for format in xlsx docx; do
			"$hotline" analyze "$calls" --source anonymous-bank --zone Asia/Jerusalem --lang $lang --report "$out/february-$lang.$format" >/dev/null 2>&1
			show "february-$lang.$format"
		done
	done
fi
echo "look at $out"
