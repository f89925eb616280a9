(* Depth: a head V = A B >= 0, U relu(W V) = I of rank q, with identities on q dimensions put between, is a unit structure
   at every depth; its cost |A|^2 |B|^2 |W|^2 |U|^2 q^(L-3) grows by q a layer, that of DNC by K. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Structure Wider.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Head.
Variables (R : rcfType) (K q r m d : nat).
Notation sq := (@sqnorm R _ _).
Hypotheses (qd : (q <= d)%N) (rd : (r <= d)%N) (md : (m <= d)%N).
Variables (B : 'M[R]_(r, K)) (A : 'M[R]_(q, r)) (W : 'M[R]_(m, q)) (U : 'M[R]_(K, m)).
Hypothesis neck : relu (A *m B) = A *m B.

Definition head_X : 'M[R]_(d, K) := pid_mx r *m B.
Definition head_W L l : 'M[R]_d :=
  if l == 0%N then pid_mx q *m A *m pid_mx r else
  if l == L.-2 then pid_mx m *m W *m pid_mx q else pid_mx q.
Definition head_V : 'M[R]_(K, d) := U *m pid_mx m.
Let feat L := @feature R (fun=> d) K (head_W L) head_X.

Lemma head_neck L l : (l.+1 < L.-1)%N -> feat L l.+1 = pid_mx q *m (A *m B).
Proof.
elim: l => [|l IH] lL.
  by rewrite /feat /= /head_W eqxx /head_X -!mulmxA [pid_mx r *m (_ *m B)]mulmxA pid_pid // mul1mx relu_pidl // neck.
change (relu (head_W L l.+1 *m feat L l.+1) = pid_mx q *m (A *m B)).
rewrite IH; last exact: ltnW.
have -> : head_W L l.+1 = pid_mx q.
  by rewrite /head_W /= ifF //; apply/eqP; clear IH; move: lL; case: L => [|[|L']] //= lL E; rewrite -E ltnn in lL.
by rewrite mulmxA mul_pid_mx minnn (minn_idPr qd) relu_pidl // neck.
Qed.

Lemma head_output L : (2 < L)%N -> head_V *m feat L L.-1 = U *m relu (W *m (A *m B)).
Proof.
case: L => [|[|[|L]]] // _.
change (head_V *m relu (head_W L.+3 L.+1 *m feat L.+3 L.+1) = U *m relu (W *m (A *m B))).
rewrite head_neck // /head_W /= eqxx -!mulmxA [pid_mx q *m (pid_mx q *m _)]mulmxA pid_pid // mul1mx.
by rewrite relu_pidl // [pid_mx m *m (pid_mx m *m _)]mulmxA pid_pid // mul1mx.
Qed.
Lemma head_unit L : U *m relu (W *m (A *m B)) = 1%:M -> (2 < L)%N ->
  unit_structure (L := L) (d := fun=> d) head_X (head_W L) head_V.
Proof. by move=> head L3; rewrite /unit_structure [LHS]head_output. Qed.

Lemma head_cost L : (2 < L)%N ->
  cost (L := L) (d := fun=> d) head_X (head_W L) head_V = sq A * sq B * sq W * sq U * q%:R ^+ (L - 3).
Proof.
case: L => [|[|[|L]]] // _; rewrite /cost sq_pidl // sq_pidr //.
rewrite [L.+3.-1]/= big_ord_recl big_ord_recr /= {1 3}/head_W /= /bump /= add1n eqxx !subSS subn0.
rewrite (eq_bigr (fun=> q%:R)) => [|i _].
  by rewrite prodr_const card_ord !sq_pidr // !sq_pidl //; ring.
rewrite /head_W /= ifF ?sq_pid //; apply/eqP; rewrite /bump /= ?add1n => [[E]].
by move: (ltn_ord i); rewrite E ltnn.
Qed.
End Head.

Theorem head_depth (R : rcfType) (K q r m : nat) (B : 'M[R]_(r, K)) (A : 'M_(q, r)) (W : 'M[R]_(m, q)) U L0 :
  (0 < K)%N -> (q <= K)%N -> (2 < L0)%N -> relu (A *m B) = A *m B -> U *m relu (W *m (A *m B)) = 1%:M ->
  sqnorm A * sqnorm B * sqnorm W * sqnorm U * q%:R ^+ (L0 - 3) < K%:R ^+ L0.+1 :> R ->
  forall L d, (L0 <= L)%N -> (q <= d)%N -> (r <= d)%N -> (m <= d)%N ->
  exists (X : 'M[R]_(d, K)) (W : nat -> 'M_d) V,
    unit_structure (L := L) (d := fun=> d) X W V /\ cost (L := L) (d := fun=> d) X W V < K%:R ^+ L.+1.
Proof.
move=> Kp qK L03 neck head ch L d LL qd rd md; have L3 : (2 < L)%N by apply: leq_trans LL.
exists (head_X d B), (head_W d A W L), (head_V d U).
split; first exact: head_unit; rewrite head_cost //.
have -> : L = (L0 + (L - L0))%N by rewrite subnKC.
elim: (L - L0)%N => [|k IH]; first by rewrite addn0.
rewrite addnS subSn ?(leq_trans L03) ?leq_addr // exprSr mulrA [in X in _ < X]exprSr.
move: IH; set x := (X in X < _) => IH.
have x0 : 0 <= x by rewrite !mulr_ge0 ?sq_ge0 ?exprn_ge0 ?ler0n.
by apply: (@le_lt_trans _ _ (x * K%:R)); rewrite ?ler_wpmul2l ?ler_nat // ltr_pmul2r ?ltr0n.
Qed.
