package kpi

// FormKind is what a form is for.
type FormKind string

// The kinds.
const (
	SelfEvaluation FormKind = "self_evaluation" // 绩效目标自评表: what was reached, scored
	Monitoring     FormKind = "monitoring"      // 绩效运行监控表: what has been reached, and what is expected
)

// FormKinds are both of them.
func FormKinds() []FormKind { return []FormKind{SelfEvaluation, Monitoring} }

// Column is what a column of a form's table of indicators holds.
type Column string

// The columns a form can have.
const (
	ColumnNumber     Column = "number"     // 序号
	ColumnLevel1     Column = "level1"     // 一级指标
	ColumnLevel2     Column = "level2"     // 二级指标
	ColumnLevel3     Column = "level3"     // 三级指标
	ColumnNature     Column = "nature"     // 指标性质: ≥, ≤, =, 定性
	ColumnTarget     Column = "target"     // 年度指标值
	ColumnUnit       Column = "unit"       // 度量单位
	ColumnExpected   Column = "expected"   // 时序进度: what the target asks for by the end of the period
	ColumnActual     Column = "actual"     // 实际完成值, 截至期末完成值
	ColumnForecast   Column = "forecast"   // 全年预计完成值
	ColumnWeight     Column = "weight"     // 分值
	ColumnScore      Column = "score"      // 得分
	ColumnState      Column = "state"      // 达标, 接近, 未达标
	ColumnDeviation  Column = "deviation"  // 偏差原因分析及改进措施
	ColumnCauses     Column = "causes"     // 偏差原因: one part for each cause to tick
	ColumnLikelihood Column = "likelihood" // 完成目标可能性
	ColumnRemark     Column = "remark"     // 备注
)

// Columns are all of them.
func Columns() []Column {
	return []Column{
		ColumnNumber, ColumnLevel1, ColumnLevel2, ColumnLevel3, ColumnNature, ColumnTarget, ColumnUnit, ColumnExpected,
		ColumnActual, ColumnForecast, ColumnWeight, ColumnScore, ColumnState, ColumnDeviation, ColumnCauses, ColumnLikelihood, ColumnRemark,
	}
}

// MoneyColumn is what a column of a form's lines about the budget holds.
type MoneyColumn string

// The columns about the budget.
const (
	MoneyInitial  MoneyColumn = "initial"  // 年初预算数
	MoneyAdjusted MoneyColumn = "adjusted" // 全年预算数
	MoneyExecuted MoneyColumn = "executed" // 执行数 in the period
	MoneyRate     MoneyColumn = "rate"     // 执行率
	MoneyForecast MoneyColumn = "forecast" // 全年预计执行数
	MoneyPoints   MoneyColumn = "points"   // 分值
	MoneyScore    MoneyColumn = "score"    // 得分
)

// MoneyColumns are all of them.
func MoneyColumns() []MoneyColumn {
	return []MoneyColumn{MoneyInitial, MoneyAdjusted, MoneyExecuted, MoneyRate, MoneyForecast, MoneyPoints, MoneyScore}
}

// HeaderField is what a line of a form's head holds.
type HeaderField string

// The fields of the head.
const (
	HeaderSubject    HeaderField = "subject"    // 项目名称, 单位名称
	HeaderDepartment HeaderField = "department" // 主管部门
	HeaderCentre     HeaderField = "centre"     // 实施单位
	HeaderTerm       HeaderField = "term"       // 实施期限
	HeaderPeriod     HeaderField = "period"     // the period reported about
	HeaderMade       HeaderField = "made"       // 填报日期
	HeaderGoals      HeaderField = "goals"      // 年度总体目标
	HeaderGoalsDone  HeaderField = "goals_done" // 目标实际完成情况, filled in by hand
	HeaderTasks      HeaderField = "tasks"      // 年度主要任务 with the money
)

// HeaderFields are all of them.
func HeaderFields() []HeaderField {
	return []HeaderField{
		HeaderSubject, HeaderDepartment, HeaderCentre, HeaderTerm, HeaderPeriod, HeaderMade, HeaderGoals, HeaderGoalsDone, HeaderTasks,
	}
}

// FormColumn is a column with its title.
type FormColumn struct {
	Column Column
	Title  Wording
	Width  float64   // in characters of the form's font
	Parts  []Wording // of ColumnCauses: the causes; of ColumnLikelihood: what can be said, the surest first
}

// FormMoney is a column about the budget with its title.
type FormMoney struct {
	Column MoneyColumn
	Title  Wording
}

// FormField is a line of the head with its title.
type FormField struct {
	Field HeaderField
	Title Wording
}

// GradeBand is a grade and the least total that gives it, of 100 points.
type GradeBand struct {
	Name  Wording
	Least Fraction
}

// ScoreBand is how well a graded indicator was reached, and the share of its weight, in
// percent, that may be given for it.
type ScoreBand struct {
	Name        Wording
	Most, Least Fraction
}

// Form is the layout of a form that is handed in: a file of pipelines/forms. Provinces
// issue their own.
type Form struct {
	Name       string // of the file
	Kind       FormKind
	Table      string // number of the table it is about
	Title      Wording
	Landscape  bool
	Header     []FormField
	Money      []FormMoney
	Columns    []FormColumn
	Execution  Fraction // points of carrying out the budget
	Grades     []GradeBand
	Bands      []ScoreBand
	Signatures []Wording
	Notes      []Wording
}
