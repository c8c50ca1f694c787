//! Hooks that record their calls, and one that adds to the context.

use std::sync::{Arc, Mutex};

use open_feature::{
    EvaluationContext, EvaluationDetails, EvaluationError, Hook, HookContext, HookHints, Value,
};

/// A call of a hook.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) hook: &'static str,
    pub(crate) stage: &'static str,
    pub(crate) details: Option<Details>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Details {
    pub(crate) flag_key: String,
    pub(crate) value: Value,
    pub(crate) variant: Option<String>,
    pub(crate) reason: Option<String>,
}

pub(crate) type Calls = Arc<Mutex<Vec<Call>>>;

#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    pub(crate) name: &'static str,
    pub(crate) calls: Calls,
}

impl Recorder {
    fn record(&self, stage: &'static str, details: Option<&EvaluationDetails<Value>>) {
        let details = details.map(|details| Details {
            flag_key: details.flag_key.clone(),
            value: details.value.clone(),
            variant: details.variant.clone(),
            reason: details.reason.as_ref().map(ToString::to_string),
        });
        self.calls.lock().unwrap().push(Call {
            hook: self.name,
            stage,
            details,
        });
    }
}

#[async_trait::async_trait]
impl Hook for Recorder {
    async fn before<'a>(
        &self,
        _context: &HookContext<'a>,
        _hints: Option<&'a HookHints>,
    ) -> Result<Option<EvaluationContext>, EvaluationError> {
        self.record("before", None);
        Ok(None)
    }

    async fn after<'a>(
        &self,
        _context: &HookContext<'a>,
        details: &EvaluationDetails<Value>,
        _hints: Option<&'a HookHints>,
    ) -> Result<(), EvaluationError> {
        self.record("after", Some(details));
        Ok(())
    }

    async fn error<'a>(
        &self,
        _context: &HookContext<'a>,
        _error: &EvaluationError,
        _hints: Option<&'a HookHints>,
    ) {
        self.record("error", None);
    }

    async fn finally<'a>(
        &self,
        _context: &HookContext<'a>,
        details: &EvaluationDetails<Value>,
        _hints: Option<&'a HookHints>,
    ) {
        self.record("finally", Some(details));
    }
}

/// Adds its context before the evaluation.
#[derive(Debug, Clone)]
pub(crate) struct ContextHook(pub(crate) EvaluationContext);

#[async_trait::async_trait]
impl Hook for ContextHook {
    async fn before<'a>(
        &self,
        _context: &HookContext<'a>,
        _hints: Option<&'a HookHints>,
    ) -> Result<Option<EvaluationContext>, EvaluationError> {
        Ok(Some(self.0.clone()))
    }

    async fn after<'a>(
        &self,
        _context: &HookContext<'a>,
        _details: &EvaluationDetails<Value>,
        _hints: Option<&'a HookHints>,
    ) -> Result<(), EvaluationError> {
        Ok(())
    }

    async fn error<'a>(
        &self,
        _context: &HookContext<'a>,
        _error: &EvaluationError,
        _hints: Option<&'a HookHints>,
    ) {
    }

    async fn finally<'a>(
        &self,
        _context: &HookContext<'a>,
        _details: &EvaluationDetails<Value>,
        _hints: Option<&'a HookHints>,
    ) {
    }
}
