package telemetry

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	poolMax      = describe("database_pool_max", "Connections to the database that this process may have.")
	poolAcquired = describe("database_pool_acquired", "Connections to the database in use.")
	poolIdle     = describe("database_pool_idle", "Connections to the database that wait for use.")
	poolWaits    = describe("database_pool_waits_total", "How often a connection had to be waited for.")
	poolWaited   = describe("database_pool_waited_seconds_total", "Time spent waiting for a connection.")
)

// Pool reports how busy this process's connections to the database are.
type Pool struct{ stat func() *pgxpool.Stat }

// NewPool makes a collector of a pool's numbers.
func NewPool(stat func() *pgxpool.Stat) *Pool { return &Pool{stat: stat} }

// Describe implements prometheus.Collector.
func (p *Pool) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{poolMax, poolAcquired, poolIdle, poolWaits, poolWaited} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (p *Pool) Collect(out chan<- prometheus.Metric) {
	s := p.stat()
	out <- gauge(poolMax, float64(s.MaxConns()))
	out <- gauge(poolAcquired, float64(s.AcquiredConns()))
	out <- gauge(poolIdle, float64(s.IdleConns()))
	out <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(s.EmptyAcquireCount()))
	out <- prometheus.MustNewConstMetric(poolWaited, prometheus.CounterValue, s.EmptyAcquireWaitTime().Seconds())
}
