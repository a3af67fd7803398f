package engine_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"hotline12333/internal/testkit"
)

// everyType is one row of all the column types the project stores.
type everyType struct {
	S    string
	LC   string
	U8   uint8
	U16  uint16
	U32  uint32
	U64  uint64
	U128 *big.Int
	I64  int64
	F64  float64
	DT   time.Time
	DT64 time.Time
	D    time.Time
	B    bool
	ID   uuid.UUID
	NS   *string
	NU   *uint32
	ND   *time.Time
	AS   []string
	AU   []uint64
	LA   []string
	Legs []map[string]any
	N1   []string
	N2   []uint32
	M    map[string]uint64
	MU   map[uint16]uint32
	E    string
	FS   string
}

const everyTypeTable = `CREATE TABLE d.every (
	s String, lc LowCardinality(String), u8 UInt8, u16 UInt16, u32 UInt32, u64 UInt64, u128 UInt128,
	i64 Int64, f64 Float64, dt DateTime('UTC'), dt64 DateTime64(3, 'UTC'), d Date, b Bool, id UUID,
	ns Nullable(String), nu Nullable(UInt32), nd Nullable(DateTime64(3, 'UTC')),
	a Array(String), au Array(UInt64), la Array(LowCardinality(String)),
	legs Array(Tuple(agent String, seconds UInt32)), n Nested(name String, value UInt32),
	m Map(String, UInt64), mu Map(UInt16, UInt32), e Enum8('open' = 1, 'answered' = 2), fs FixedString(4)
) ENGINE = MergeTree ORDER BY u64`

func everyRow(i uint64) everyType {
	at := time.Date(2026, 7, 14, 9, 30, 0, 0, time.UTC).Add(time.Duration(i) * 1234567 * time.Microsecond)
	row := everyType{
		S: fmt.Sprintf("call-%d \x00'\\\n中文", i), LC: fmt.Sprintf("queue-%d", i%7),
		U8: uint8(i), U16: uint16(i * 3), U32: uint32(i * 5), U64: i,
		U128: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(int64(i+1)), 90), big.NewInt(int64(i))),
		I64:  -int64(i), F64: float64(i) / 3,
		DT: at.Truncate(time.Second), DT64: at.Truncate(time.Millisecond), D: at.Truncate(24 * time.Hour),
		B: i%2 == 0, ID: uuid.UUID{0: byte(i), 15: byte(i >> 8)},
		AS: []string{}, AU: []uint64{}, LA: []string{"tax", "tax", fmt.Sprint(i % 3)},
		Legs: []map[string]any{}, N1: []string{"x"}, N2: []uint32{uint32(i)},
		M: map[string]uint64{"total": i}, MU: map[uint16]uint32{uint16(i): 7},
		E: []string{"open", "answered"}[i%2], FS: "abcd",
	}
	if i%3 == 0 {
		s, n, d := "set", uint32(i), row.DT64
		row.NS, row.NU, row.ND = &s, &n, &d
		row.AS, row.AU = []string{"a", ""}, []uint64{1, i}
		row.Legs = []map[string]any{{"agent": "a1", "seconds": uint32(60)}, {"agent": "", "seconds": uint32(0)}}
	}
	return row
}

func (r *everyType) values() []any {
	return []any{
		r.S, r.LC, r.U8, r.U16, r.U32, r.U64, r.U128, r.I64, r.F64, r.DT, r.DT64, r.D, r.B, r.ID, r.NS, r.NU, r.ND,
		r.AS, r.AU, r.LA, r.Legs, r.N1, r.N2, r.M, r.MU, r.E, r.FS,
	}
}

func (r *everyType) pointers() []any {
	return []any{
		&r.S, &r.LC, &r.U8, &r.U16, &r.U32, &r.U64, &r.U128, &r.I64, &r.F64, &r.DT, &r.DT64, &r.D, &r.B, &r.ID, &r.NS, &r.NU, &r.ND,
		&r.AS, &r.AU, &r.LA, &r.Legs, &r.N1, &r.N2, &r.M, &r.MU, &r.E, &r.FS,
	}
}

func compressions() map[string]clickhouse.CompressionMethod {
	return map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4, "zstd": clickhouse.CompressionZSTD,
		"gzip": clickhouse.CompressionGZIP, "deflate": clickhouse.CompressionDeflate,
	}
}

func TestEveryColumnType(t *testing.T) {
	address := shared(t)
	rows := uint64(testkit.Sample(1000, 100))
	execute(t, connect(t, address), "CREATE DATABASE d", everyTypeTable)
	for name, method := range compressions() {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, address, withCompression(method), withSettings(clickhouse.Settings{"enable_http_compression": 1}))
			execute(t, conn, "TRUNCATE TABLE d.every")
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO d.every")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = batch.Close() }()
			var want []everyType
			for i := range rows {
				row := everyRow(i)
				want = append(want, row)
				if err := batch.Append(row.values()...); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			result, err := conn.Query(t.Context(), "SELECT * FROM d.every ORDER BY u64")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = result.Close() }()
			var got []everyType
			for result.Next() {
				var row everyType
				if err := result.Scan(row.pointers()...); err != nil {
					t.Fatal(err)
				}
				got = append(got, row)
			}
			if err := result.Err(); err != nil {
				t.Fatal(err)
			}
			bigInt := cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })
			if diff := cmp.Diff(want, got, bigInt); diff != "" {
				t.Errorf("rows differ (-want +got):\n%.2000s", diff)
			}
		})
	}
}
