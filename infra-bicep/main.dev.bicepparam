// A small one, to try things with: it scales to zero, nothing is kept twice, and it can be deleted the next day.
using 'main.bicep'

param environmentName = 'dev'
param org = 'example'
param instanceMemoryMB = 512
param eventHubsMaxThroughputUnits = 0
param eventHubPartitionCount = 2
param eventHubRetentionInHours = 24
param logDailyQuotaGb = 1
param traceRatio = '1'
param alertsEnabled = false
